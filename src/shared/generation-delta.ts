// The parts of a generation that a worker is sent: those that differ from the generation before.
// On both sides a part that stays is the same object, so that nothing has to look into it.
import type {
  Generation,
  GenerationBackend,
  GenerationListener,
  GenerationPool,
} from "./generation.ts";

/** Rows on the board in the order of the generation, and those of them that are new or changed. */
type Rows<T> = { readonly order: readonly number[]; readonly changed: readonly T[] };

type PoolHead = Omit<GenerationPool, "backends"> & {
  /** Its backends' rows, in their order. */
  readonly members: readonly number[];
};

export type GenerationDelta = Omit<Generation, "listeners" | "pools"> & {
  readonly listeners: Rows<GenerationListener>;
  readonly pools: Rows<PoolHead>;
  /** New or changed ones, of all pools. */
  readonly backends: readonly GenerationBackend[];
};

/** @param before what the worker has; null: nothing */
export function generationDelta(before: Generation | null, next: Generation): GenerationDelta {
  const has = new Set<object>(before?.listeners);
  const poolsBefore = bySlot(before?.pools ?? []);
  const pools = next.pools.filter((pool) => poolsBefore.get(pool.slot) !== pool);
  const changed = pools.map((pool) => {
    const known = new Set<object>(poolsBefore.get(pool.slot)?.backends);
    return pool.backends.filter((backend) => !known.has(backend));
  });
  const heads = pools.filter((pool) => {
    const present = poolsBefore.get(pool.slot);
    return present === undefined || !Bun.deepEquals(headOf(pool), headOf(present));
  });
  return {
    ...next,
    listeners: rows(next.listeners, (listener) => !has.has(listener)),
    pools: { order: next.pools.map(({ slot }) => slot), changed: heads.map(headOf) },
    backends: changed.flat(),
  };
}

/** The generation that `next` was, from the one that `before` was. */
export function patchGeneration(before: Generation | null, delta: GenerationDelta): Generation {
  const { backends, ...rest } = delta;
  const listeners = new Map(bySlot(before?.listeners ?? []));
  for (const listener of delta.listeners.changed) listeners.set(listener.slot, listener);
  const pools = bySlot(before?.pools ?? []);
  const heads = bySlot(delta.pools.changed);
  const changed = bySlot(backends);
  const poolOf = (slot: number): GenerationPool => {
    const present = pools.get(slot);
    const known = bySlot(present?.backends ?? []);
    const pick = (row: number) => found(changed.get(row) ?? known.get(row));
    const head = heads.get(slot);
    if (head !== undefined) {
      const { members, ...pool } = head;
      return { ...pool, backends: members.map(pick) };
    }
    const pool = found(present);
    if (!pool.backends.some((backend) => changed.has(backend.slot))) return pool;
    return { ...pool, backends: pool.backends.map((backend) => pick(backend.slot)) };
  };
  return {
    ...rest,
    listeners: delta.listeners.order.map((slot) => found(listeners.get(slot))),
    pools: delta.pools.order.map(poolOf),
  };
}

function headOf({ backends, ...head }: GenerationPool): PoolHead {
  return { ...head, members: backends.map(({ slot }) => slot) };
}

type Row = { readonly slot: number };

function rows<T extends Row>(all: readonly T[], isChanged: (one: T) => boolean): Rows<T> {
  return { order: all.map(({ slot }) => slot), changed: all.filter(isChanged) };
}

function bySlot<T extends Row>(all: readonly T[]): ReadonlyMap<number, T> {
  return new Map(all.map((one) => [one.slot, one]));
}

function found<T>(part: T | undefined): T {
  if (part === undefined) throw new Error("a generation names a part that was never sent");
  return part;
}

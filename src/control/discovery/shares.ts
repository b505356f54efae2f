// How many of the backends that DNS names are taken: as many as their pool wants, and a fair share of the
// rows that bal has for backends. Configured ones come first. Pure.
import type { BackendConfig, Config } from "../../config/config.ts";
import { MAX_BACKENDS } from "../../shared/board-layout.ts";

export type Rows = {
  /** Rows that no backend has, those that still drain included. */
  readonly freeRows: number;
  readonly hasRow: (pool: string, name: string) => boolean;
};

export type Room = {
  /** Without what was discovered. */
  readonly configured: Config;
  readonly rows: Rows;
  /** Rows that are for configured backends. */
  readonly reserved: number;
};

/** Discovered backends of a pool that are left out. */
export type Cut = {
  readonly pool: string;
  /** How many of how many. */
  readonly leftOut: number;
  readonly found: number;
  /** Its own bound, or the room that there is for all pools. */
  readonly cause: "max" | "room";
};

type Fitted = { readonly config: Config; readonly cuts: readonly Cut[] };

/** One in so many of the rows that are not configured stays free, for a reload and for other answers while
 *  removed backends still drain. */
const SPARE = 8;

/** Without those discovered backends that there is no room for. */
export function fitted(found: Config, { configured, rows, reserved }: Room): Fitted {
  const own = configured.pools.map(({ backends }) => backends.length);
  const all = found.pools.map((pool, index) => pool.backends.slice(own[index] ?? 0));
  if (all.every(({ length }) => length === 0)) return { config: found, cuts: [] };
  const unconfigured = MAX_BACKENDS - reserved;
  const wanted = all.map(({ length }, index) =>
    Math.min(length, found.pools[index]?.discover?.max ?? 0),
  );
  const shares = fairShares(wanted, unconfigured - Math.ceil(unconfigured / SPARE));
  const hasRow = (index: number) => (one: BackendConfig) =>
    rows.hasRow(found.pools[index]?.name ?? "", one.name);
  // Backends that have a row keep it, so that an answer which grows moves nobody.
  const taken = all.map((backends, index) =>
    presentFirst(backends, hasRow(index)).slice(0, shares[index]),
  );
  const added = configured.pools.flatMap(({ name, backends }) =>
    backends.filter((backend) => !rows.hasRow(name, backend.name)),
  );
  const fresh = taken.map((backends, index) => backends.filter((one) => !hasRow(index)(one)));
  const places = fairShares(
    fresh.map(({ length }) => length),
    rows.freeRows - added.length,
  );
  const cuts: Cut[] = [];
  const pools = found.pools.map((pool, index) => {
    const without = new Set(fresh[index]?.slice(places[index]));
    const kept = new Set(taken[index]?.filter((one) => !without.has(one)));
    const leftOut = (all[index]?.length ?? 0) - kept.size;
    if (leftOut === 0) return pool;
    const cause = kept.size === pool.discover?.max ? "max" : "room";
    cuts.push({ pool: pool.name, leftOut, found: leftOut + kept.size, cause });
    const ofConfig = own[index] ?? 0;
    const backends = pool.backends.filter((one, nth) => nth < ofConfig || kept.has(one));
    return { ...pool, backends };
  });
  return { config: cuts.length === 0 ? found : { ...found, pools }, cuts };
}

/** So much of what each wants that nobody gets less than another one who gets less than it wants. */
export function fairShares(wanted: readonly number[], available: number): readonly number[] {
  const shares = wanted.map(() => 0);
  let left = Math.max(0, available);
  const modestFirst = [...wanted.entries()].sort(([, a], [, b]) => a - b);
  for (const [nth, [index, want]] of modestFirst.entries()) {
    const share = Math.min(want, Math.floor(left / (wanted.length - nth)));
    shares[index] = share;
    left -= share;
  }
  return shares;
}

function presentFirst<T>(all: readonly T[], isPresent: (one: T) => boolean): readonly T[] {
  return [...all.filter(isPresent), ...all.filter((one) => !isPresent(one))];
}

// From one generation to the next: which listeners and pools of this thread stay, come and go.
import type { Generation, GenerationListener } from "../shared/messages.ts";
import { type Ceiling, Listener } from "./listener.ts";
import { Pool } from "./pool.ts";
import type { Thread } from "./thread.ts";

/** What this thread serves now, by rows on the board. */
export type Served = {
  readonly listeners: Map<number, Listener>;
  readonly pools: Map<number, Pool>;
};

/**
 * Swaps in a generation: all of it but the sockets that can't be adopted.
 *
 * @returns what could not be, in words
 */
export function applyGeneration(served: Served, next: Generation, thread: Thread): string[] {
  thread.budget.limitBytes = next.maxBufferedBytes;
  thread.spliceAfterBytes = next.splice.afterBytes;
  const pools = next.pools.map((config) => {
    const pool = served.pools.get(config.slot) ?? new Pool(config.slot, thread.board);
    pool.update(config);
    return pool;
  });
  const gone = [...served.pools.values()].filter((pool) => !pools.includes(pool));
  keepOnly(served.pools, new Map(pools.map((pool) => [pool.slot, pool])));
  const kept = new Set(next.listeners.map(({ slot }) => slot));
  for (const [slot, listener] of served.listeners) {
    if (kept.has(slot)) continue;
    listener.close();
    served.listeners.delete(slot);
  }
  const { maxConnections, overload, refuse } = next;
  const ceiling = { maxConnections, isWaiting: overload === "wait", refuse };
  const errors = next.listeners.flatMap((config) => {
    const pool = pools[config.pool];
    if (pool === undefined) return [`listener ${config.name} has no pool`];
    return serve(served.listeners, config, { pool, ceiling, thread });
  });
  for (const pool of gone) pool.line.disband();
  return errors;
}

type Serving = {
  readonly pool: Pool;
  readonly ceiling: Ceiling;
  readonly thread: Thread;
};

function serve(
  listeners: Served["listeners"],
  config: GenerationListener,
  { pool, ceiling, thread }: Serving,
): string[] {
  const { limits } = config;
  let listener = listeners.get(config.slot);
  if (listener === undefined || !listener.isAt(config)) {
    listener?.close();
    listener = new Listener(thread, config, { listener: config.slot, pool, limits }, ceiling);
    listeners.set(config.slot, listener);
  }
  listener.origin.pool = pool;
  listener.origin.limits = limits;
  listener.ceiling = ceiling;
  listener.admit(config.admission);
  const errors = listener.adopt(config.fds);
  return errors.map((error) => `cannot accept on ${config.name}: ${error}`);
}

function keepOnly<K, V>(map: Map<K, V>, next: ReadonlyMap<K, V>): void {
  map.clear();
  for (const [key, value] of next) map.set(key, value);
}

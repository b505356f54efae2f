// From one generation to the next: which listeners and pools of this thread stay, come and go.
import type { Generation, GenerationListener } from "../shared/messages.ts";
import { type Ceiling, Listener } from "./listener.ts";
import { Pool } from "./pool.ts";
import type { Thread } from "./thread.ts";

/** What this thread serves now, by the listeners' rows on the board. */
export type Listeners = Map<number, Listener>;

/** Swaps in a generation. Throws when a socket can't be adopted; what was served is served on. */
export function applyGeneration(listeners: Listeners, next: Generation, thread: Thread): void {
  thread.budget.limitBytes = next.maxBufferedBytes;
  const ceiling = { maxConnections: next.maxConnections, isWaiting: next.overload === "wait" };
  const pools = next.pools.map((pool) => new Pool(pool, thread.board));
  for (const config of next.listeners) {
    const pool = pools[config.pool];
    if (pool === undefined) throw new RangeError(`listener ${config.name} has no pool`);
    serve(listeners, config, { pool, limits: next.session, ceiling, thread });
  }
  const kept = new Set(next.listeners.map(({ slot }) => slot));
  for (const [slot, listener] of listeners) {
    if (kept.has(slot)) continue;
    listener.close();
    listeners.delete(slot);
  }
}

type Serving = {
  readonly pool: Pool;
  readonly limits: Generation["session"];
  readonly ceiling: Ceiling;
  readonly thread: Thread;
};

function serve(listeners: Listeners, config: GenerationListener, serving: Serving): void {
  const { pool, limits, ceiling, thread } = serving;
  let listener = listeners.get(config.slot);
  if (listener === undefined || !listener.isAt(config)) {
    listener?.close();
    listener = new Listener(thread, config, { listener: config.slot, pool, limits }, ceiling);
    listeners.set(config.slot, listener);
  }
  listener.origin.pool = pool;
  listener.origin.limits = limits;
  listener.ceiling = ceiling;
  listener.adopt(config.fds);
}

// From one generation to the next: which listeners and pools of this thread stay, come and go.
import { AddressSet } from "../policy/admission/address-set.ts";
import type { Generation, GenerationListener } from "../shared/generation.ts";
import { type Ceiling, Listener } from "./accept/listener.ts";
import { retireContext, routing } from "./accept/listener-context.ts";
import type { PrereadRules } from "./accept/preread.ts";
import { Pool } from "./dial/pool.ts";
import type { WorkerContext } from "./relay/worker-context.ts";

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
export function applyGeneration(served: Served, next: Generation, thread: WorkerContext): string[] {
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
    retire(listener, served);
    served.listeners.delete(slot);
  }
  const { maxConnections, overload } = next;
  const ceiling = { maxConnections, isWaiting: overload === "wait" };
  const errors = next.listeners.flatMap((config) =>
    serve(served, config, { pools, ceiling, thread }),
  );
  for (const pool of gone) pool.queue.close();
  return errors;
}

type Serving = {
  readonly pools: readonly Pool[];
  readonly ceiling: Ceiling;
  readonly thread: WorkerContext;
};

function retire(listener: Listener, { pools }: Served): void {
  listener.close();
  retireContext(listener.origin, pools);
}

function serve(
  served: Served,
  config: GenerationListener,
  { pools, ceiling, thread }: Serving,
): string[] {
  const { limits } = config;
  const poolOf = routing(config, pools);
  const poolName = config.routes.length > 0 ? null : (pools[config.pool]?.name ?? null);
  let listener = served.listeners.get(config.slot);
  if (listener === undefined || !listener.canServe(config.address)) {
    if (listener !== undefined) retire(listener, served);
    const origin = { listener: config.slot, name: config.name, poolName, poolOf, limits };
    listener = new Listener(thread, config.address, origin, ceiling);
    served.listeners.set(config.slot, listener);
  }
  listener.address = config.address;
  listener.origin.poolOf = poolOf;
  listener.origin.poolName = poolName;
  listener.origin.limits = limits;
  listener.ceiling = ceiling;
  listener.preread = prereadRules(config);
  listener.admit(config.admission);
  const errors = listener.adopt(config.fds);
  return errors.map((error) => `cannot accept on ${config.name}: ${error}`);
}

const EVERYBODY = { has: () => true };

/** Null: a client's dial begins at once. */
function prereadRules(config: GenerationListener): PrereadRules | null {
  const { routes, address, proxyProtocol } = config;
  const hasRoutes = routes.length > 0;
  if (proxyProtocol === null) return hasRoutes ? { proxy: null, hasRoutes } : null;
  const { trusted, isOptional } = proxyProtocol;
  // A unix socket's mode says who may connect: whoever may is believed.
  const who = address.kind === "unix" ? EVERYBODY : new AddressSet(trusted);
  return { proxy: { trusted: who, isOptional }, hasRoutes };
}

function keepOnly<K, V>(map: Map<K, V>, next: ReadonlyMap<K, V>): void {
  map.clear();
  for (const [key, value] of next) map.set(key, value);
}

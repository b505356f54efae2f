// From one generation to the next: which listeners and pools of this thread stay, come and go.
import { AddressSet } from "../policy/admission/address-set.ts";
import type { Generation, GenerationListener } from "../shared/generation.ts";
import { type Ceiling, Listener } from "./accept/listener.ts";
import { routing } from "./accept/listener-context.ts";
import type { PrereadRules } from "./accept/preread.ts";
import { Pool } from "./dial/pool.ts";
import type { WorkerContext } from "./relay/worker-context.ts";

/** The parts that this thread serves now, by rows on the board. */
export type Served = {
  readonly listeners: Map<number, Listener>;
  readonly pools: Map<number, Pool>;
};

type Step = { readonly before: Generation | null; readonly next: Generation };

/** How long sessions wait at a time: to accept on 300 sockets more takes 6 ms. */
const TURN_MS = 2;

/**
 * Swaps in a generation at once, and begins to accept on its new sockets in turns. A part that stays, by
 * being the same object, is not touched. One generation at a time.
 *
 * @returns the sockets that it can't accept on, in words
 */
export async function applyGeneration(
  served: Served,
  { before, next }: Step,
  thread: WorkerContext,
): Promise<readonly string[]> {
  thread.budget.limitBytes = next.maxBufferedBytes;
  thread.spliceAfterBytes = next.splice.afterBytes;
  const stays = new Set<object>([...(before?.pools ?? []), ...(before?.listeners ?? [])]);
  const gone = swapPools(served.pools, next, { stays, thread });
  const kept = new Set(next.listeners.map(({ slot }) => slot));
  for (const [slot, listener] of served.listeners) {
    if (kept.has(slot)) continue;
    listener.close();
    served.listeners.delete(slot);
  }
  const { maxConnections, overload } = next;
  const ceiling = { maxConnections, isWaiting: overload === "wait" };
  const errors: string[] = [];
  const listeners = next.listeners.map((config, index) => {
    const present = served.listeners.get(config.slot);
    const isSame = present !== undefined && stays.has(config);
    const listener = isSame ? present : serve(served, config, { ceiling, thread });
    listener.ceiling = ceiling;
    // At once: a descriptor that is lent may be closed after a drain. Those that failed are tried again.
    errors.push(...cannotAccept(config, listener.borrow(next.sockets[index] ?? [])));
    return listener;
  });
  for (const pool of gone) {
    pool.queue.close();
    pool.room.close();
  }
  errors.push(...(await acceptAll(listeners, next)));
  return errors;
}

async function acceptAll(
  all: readonly Listener[],
  { listeners }: Generation,
): Promise<readonly string[]> {
  const errors: string[] = [];
  let turnEndsAtMs = performance.now() + TURN_MS;
  for (const [index, listener] of all.entries()) {
    errors.push(...cannotAccept(listeners[index], listener.resume()));
    if (performance.now() < turnEndsAtMs) continue;
    await new Promise(setImmediate);
    turnEndsAtMs = performance.now() + TURN_MS;
  }
  return errors;
}

function cannotAccept(
  listener: GenerationListener | undefined,
  errors: readonly string[],
): readonly string[] {
  return errors.map((error) => `cannot accept on ${listener?.name}: ${error}`);
}

type Swap = { readonly stays: ReadonlySet<object>; readonly thread: WorkerContext };

/** Returns those that are gone. */
function swapPools(
  pools: Map<number, Pool>,
  next: Generation,
  { stays, thread }: Swap,
): readonly Pool[] {
  const named = new Set(next.pools.map(({ slot }) => slot));
  const gone = [...pools.values()].filter(({ slot }) => !named.has(slot));
  for (const { slot } of gone) pools.delete(slot);
  for (const config of next.pools) {
    const pool = pools.get(config.slot) ?? new Pool(config.slot, thread.board);
    if (!pools.has(config.slot) || !stays.has(config)) pool.update(config);
    pools.set(config.slot, pool);
  }
  return gone;
}

type Serving = { readonly ceiling: Ceiling; readonly thread: WorkerContext };

function serve(
  { listeners, pools }: Served,
  config: GenerationListener,
  { ceiling, thread }: Serving,
): Listener {
  const { limits, address, name } = config;
  const poolOf = routing(config, pools);
  const poolName = config.routes.length > 0 ? null : (pools.get(config.pool)?.name ?? null);
  let listener = listeners.get(config.slot);
  if (listener === undefined || !listener.canServe(address)) {
    listener?.close();
    const origin = { listener: config.slot, name, poolName, poolOf, limits };
    listener = new Listener(thread, address, origin, ceiling);
    listeners.set(config.slot, listener);
  }
  listener.address = address;
  listener.origin.poolOf = poolOf;
  listener.origin.poolName = poolName;
  listener.origin.limits = limits;
  listener.preread = prereadRules(config);
  listener.admit(config.admission);
  return listener;
}

const EVERYBODY = { has: () => true };

/** Null: a client's dial begins at once. */
function prereadRules(config: GenerationListener): PrereadRules | null {
  const { routes, address, proxyProtocol } = config;
  const hasRoutes = routes.length > 0;
  if (proxyProtocol === null) return hasRoutes ? { proxy: null, hasRoutes } : null;
  const { trusted, isOptional } = proxyProtocol;
  // A unix socket's mode says who may connect: every peer that may is believed.
  const who = address.kind === "unix" ? EVERYBODY : new AddressSet(trusted);
  return { proxy: { trusted: who, isOptional }, hasRoutes };
}

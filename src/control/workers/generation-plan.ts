// What the workers are told of a config: its listeners, its pools as they are now, and the limits that
// this host sets.
import type { Config, ListenerConfig, PoolConfig } from "../../config/config.ts";
import type { GenerationListener, GenerationPool } from "../../shared/generation.ts";
import { bufferedCeiling, connectionCeiling, spliceLimits } from "../host/capacity.ts";
import type { GenerationPlan } from "./worker-pool.ts";

const NO_SPLICE = { afterBytes: Number.POSITIVE_INFINITY, maxSessions: 0 };

type PlanParts = {
  readonly workers: number;
  readonly canSplice: boolean;
  /** A listener's row on the board. */
  readonly slotOf: (listener: ListenerConfig) => number;
  /** The config's pools with what they have discovered. */
  readonly present: readonly PoolConfig[];
  /** The same, for the workers. */
  readonly pools: readonly GenerationPool[];
};

export function generationPlan(config: Config, parts: PlanParts): GenerationPlan {
  const { workers, canSplice, slotOf, present, pools } = parts;
  return {
    listeners: config.listeners.map((listener) => planListener(config, listener, slotOf(listener))),
    pools,
    maxConnections: connectionCeiling({ ...config, pools: present }, workers),
    overload: config.limits.overload,
    maxBufferedBytes: bufferedCeiling(config),
    splice: canSplice ? spliceLimits(config, workers) : NO_SPLICE,
    access: config.log.access.mode === "off" ? null : config.log.access,
  };
}

function planListener(
  { pools, retries, keepaliveMs, limits: { refuse } }: Config,
  listener: ListenerConfig,
  slot: number,
): Omit<GenerationListener, "fds"> {
  const { name, address, routes, proxyProtocol, timeouts, limits } = listener;
  const { allow, deny } = listener;
  const indexOf = (pool: string | null) => pools.findIndex((one) => one.name === pool);
  return {
    slot,
    name,
    address,
    pool: indexOf(listener.pool),
    routes: routes.map((route) => ({ ...route, pool: indexOf(route.pool) })),
    proxyProtocol,
    limits: { ...timeouts, retries, keepaliveMs, refuse },
    admission: { allow, deny, limits },
  };
}

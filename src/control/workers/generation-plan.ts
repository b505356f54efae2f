// The generation that the workers are sent for a config: its listeners, its pools as they are now, and the limits that
// this host sets. A part that is equal to the one before it is the one before it, so that nobody has to
// look into it to see that it stays.
import { type IpRanges, ipRanges } from "../../base/ip-ranges.ts";
import type { Config, ListenerConfig, PoolConfig, ProxyProtocol } from "../../config/config.ts";
import type { GenerationPool } from "../../shared/generation.ts";
import { bufferedCeiling, connectionCeiling, spliceLimits } from "../host/capacity.ts";
import type { GenerationPlan } from "./worker-pool.ts";

const NO_SPLICE = { afterBytes: Number.POSITIVE_INFINITY, maxSessions: 0 };

type ListenerPlan = GenerationPlan["listeners"][number];

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

type Ranges = { readonly cidrs: readonly string[]; readonly ranges: IpRanges };

export class GenerationPlanner {
  private listeners: ReadonlyMap<number, ListenerPlan> = new Map();
  private pools: ReadonlyMap<number, GenerationPool> = new Map();
  /** By listener's row and key. */
  private lists = new Map<string, Ranges>();

  plan(config: Config, parts: PlanParts): GenerationPlan {
    const { workers, canSplice, slotOf, present } = parts;
    const lists = new Map<string, Ranges>();
    const rangesOf = (key: string, cidrs: readonly string[]) => {
      const before = this.lists.get(key);
      const isSame = before !== undefined && Bun.deepEquals(before.cidrs, cidrs);
      const ranges = isSame ? before.ranges : ipRanges(cidrs);
      lists.set(key, { cidrs, ranges });
      return ranges;
    };
    const pools = parts.pools.map((pool) => keptPool(this.pools.get(pool.slot), pool));
    const rows = new Map(pools.map(({ name, slot }) => [name, slot]));
    const rowOf = (pool: string | null) => (pool === null ? -1 : (rows.get(pool) ?? -1));
    const listeners = config.listeners.map((listener) => {
      const slot = slotOf(listener);
      return kept(
        this.listeners.get(slot),
        planListener(config, listener, { slot, rowOf, rangesOf }),
      );
    });
    this.lists = lists;
    this.pools = new Map(pools.map((pool) => [pool.slot, pool]));
    this.listeners = new Map(listeners.map((listener) => [listener.slot, listener]));
    return {
      listeners,
      pools,
      maxConnections: connectionCeiling({ ...config, pools: present }, workers),
      overload: config.limits.overload,
      maxBufferedBytes: bufferedCeiling(config),
      splice: canSplice ? spliceLimits(config, workers) : NO_SPLICE,
      access: config.log.access.mode === "off" ? null : config.log.access,
    };
  }
}

type Row = {
  readonly slot: number;
  /** A pool's; −1: there is none of that name. */
  readonly rowOf: (pool: string | null) => number;
  readonly rangesOf: (key: string, cidrs: readonly string[]) => IpRanges;
};

function planListener(
  { pools, retries, keepaliveMs, limits: { refuse } }: Config,
  listener: ListenerConfig,
  { slot, rowOf, rangesOf }: Row,
): ListenerPlan {
  const { name, address, routes, timeouts, limits, allow, deny } = listener;
  const { isAccepted, trusted, isOptional } = listener.proxyProtocol;
  const only = onlyPool(listener, pools);
  return {
    slot,
    name,
    address,
    pool: rowOf(only),
    routes: only === null ? routes.map((route) => ({ ...route, pool: rowOf(route.pool) })) : [],
    proxyProtocol: isAccepted
      ? { trusted: rangesOf(`${slot} trusted`, trusted), isOptional }
      : null,
    limits: { ...timeouts, retries, keepaliveMs, refuse },
    admission: {
      allow: allow === null ? null : rangesOf(`${slot} allow`, allow),
      deny: deny.length === 0 ? null : rangesOf(`${slot} deny`, deny),
      limits,
    },
  };
}

/** Where all clients go, whatever they send, and nobody wants to know what; null: it depends. */
function onlyPool({ pool, routes }: ListenerConfig, pools: readonly PoolConfig[]): string | null {
  if (pool !== null) return pool;
  const takesAll = routes.some((one) => one.isDefault) && routes.some((one) => one.isPlain);
  const [first = null, ...others] = new Set(routes.map((route) => route.pool));
  const asks = ({ tlvs }: ProxyProtocol) => tlvs.includes("authority") || tlvs.includes("alpn");
  const target = pools.find(({ name }) => name === first);
  if (!takesAll || others.length > 0 || target === undefined) return null;
  const isTold =
    asks(target.proxyProtocol) || target.backends.some((one) => asks(one.proxyProtocol));
  return isTold ? null : first;
}

function keptPool(before: GenerationPool | undefined, next: GenerationPool): GenerationPool {
  if (before === undefined) return next;
  const known = new Map(before.backends.map((backend) => [backend.slot, backend]));
  const backends = next.backends.map((backend) => kept(known.get(backend.slot), backend));
  return kept(before, { ...next, backends });
}

function kept<T extends object>(before: T | undefined, next: T): T {
  return before !== undefined && Bun.deepEquals(before, next) ? before : next;
}

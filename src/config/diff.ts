// What a reload changes, as data: the same for `bal graceful`, the log and (later) `bal diff`.
import { formatHostPort } from "../base/address.ts";
import { formatDuration, formatSize } from "../base/units.ts";
import { HIDDEN, healthCheck, listenerLimits } from "./as-written.ts";
import type {
  AdminConfig,
  BackendConfig,
  Config,
  DiscoverConfig,
  ListenerConfig,
  PoolConfig,
  ResolverConfig,
  SessionTimeouts,
} from "./config.ts";

export type ChangeKind = "added" | "removed" | "changed";

/** One difference. `from` and `to` are plain JSON values; null where there is none. */
export type Change = {
  readonly kind: ChangeKind;
  /** `listeners.edge.port`, `pools.web.backends.10.0.0.1:443.weight`, `timeouts.idle`… */
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
};

/** A config as its keys and values are written, with things in lists under their names. */
type Tree = { readonly [key: string]: Tree | string | number | boolean | null };

export function diffConfigs(from: Config, to: Config): readonly Change[] {
  return [...diffTrees(treeOf(from), treeOf(to), ""), ...diffTokens(from.admin, to.admin)];
}

/** `added pools.web.backends.10.0.0.1:443`, `timeouts.idle: 1h → 10m` */
export function describeChange({ kind, path, from, to }: Change): string {
  return kind === "changed" ? `${path}: ${show(from)} → ${show(to)}` : `${kind} ${path}`;
}

function diffTrees(from: Tree, to: Tree, path: string): readonly Change[] {
  const keys = new Set([...Object.keys(from), ...Object.keys(to)]);
  return [...keys].flatMap((key): readonly Change[] => {
    const at = path === "" ? key : `${path}.${key}`;
    // A pool may be called `constructor`.
    const before = Object.hasOwn(from, key) ? from[key] : undefined;
    const after = Object.hasOwn(to, key) ? to[key] : undefined;
    if (before === undefined) return [{ kind: "added", path: at, from: null, to: after ?? null }];
    if (after === undefined) return [{ kind: "removed", path: at, from: before, to: null }];
    if (isTree(before) && isTree(after)) return diffTrees(before, after, at);
    return before === after ? [] : [{ kind: "changed", path: at, from: before, to: after }];
  });
}

function isTree(value: Tree[string] | undefined): value is Tree {
  return typeof value === "object" && value !== null;
}

// Another one looks like the one before.
function diffTokens(from: AdminConfig, to: AdminConfig): readonly Change[] {
  if (from.token === null || to.token === null || from.token === to.token) return [];
  return [{ kind: "changed", path: "admin.token", from: HIDDEN, to: HIDDEN }];
}

function treeOf(config: Config): Tree {
  const { timeouts, limits } = config;
  return {
    workers: config.workers,
    watch: config.watch,
    zero_copy: config.zeroCopy ? "auto" : false,
    retries: config.retries,
    keepalive: formatDuration(config.keepaliveMs),
    timeouts: {
      ...timeoutsTree(timeouts),
      shutdown: formatDuration(timeouts.shutdownMs),
      drain_delay: formatDuration(timeouts.drainDelayMs),
    },
    limits: {
      max_connections: limits.maxConnections,
      overload: limits.overload,
      max_buffered:
        limits.maxBufferedBytes === "auto" ? "auto" : formatSize(limits.maxBufferedBytes),
      refuse: limits.refuse,
    },
    log: { ...config.log },
    admin: adminTree(config.admin),
    resolver: resolverTree(config.resolver),
    listeners: byName(config.listeners, (listener) => listenerTree(listener, timeouts)),
    pools: byName(config.pools, poolTree),
  };
}

function timeoutsTree(timeouts: SessionTimeouts): Tree {
  return {
    connect: formatDuration(timeouts.connectMs),
    connect_total: formatDuration(timeouts.connectTotalMs),
    idle: formatDuration(timeouts.idleMs),
    half_closed: formatDuration(timeouts.halfClosedMs),
    max_lifetime: formatDuration(timeouts.maxLifetimeMs),
  };
}

function adminTree({ listen, token, tokenFile }: AdminConfig): Tree {
  return {
    listen: listen === null ? null : formatHostPort(listen.ip, listen.port),
    token: token === null ? null : HIDDEN,
    token_file: tokenFile,
  };
}

function resolverTree({ servers, intervalMs }: ResolverConfig): Tree {
  const addresses = servers.map(({ ip, port }) => formatHostPort(ip, port));
  return {
    servers: servers.length === 0 ? "system" : addresses.join(", "),
    interval: formatDuration(intervalMs),
  };
}

// Of the timeouts only those that are its own: a change of a global one is one change.
function listenerTree(listener: ListenerConfig, global: SessionTimeouts): Tree {
  const { bindAddress, port, pool, allow, deny, limits, timeouts } = listener;
  const { isFastOpen, isDeferred } = listener;
  return {
    bind_address: bindAddress,
    port,
    pool,
    allow: allow === null ? "all" : allow.join(", "),
    deny: deny.join(", "),
    tcp_fast_open: isFastOpen,
    defer_accept: isDeferred,
    limits: listenerLimits(limits),
    timeouts: differing(timeoutsTree(timeouts), timeoutsTree(global)),
  };
}

function differing(tree: Tree, from: Tree): Tree {
  return Object.fromEntries(Object.entries(tree).filter(([key, value]) => value !== from[key]));
}

function poolTree(pool: PoolConfig): Tree {
  const {
    method,
    healthCheck: check,
    boundPercent,
    slowStartMs,
    onDown,
    backends,
    discover,
  } = pool;
  return {
    method,
    hash: { bounded: boundPercent === 0 ? "off" : `${boundPercent}%` },
    proxy_protocol: pool.proxyProtocol,
    slow_start: formatDuration(slowStartMs),
    on_down: onDown,
    health_check: healthCheck(check),
    backends: byName(backends, (backend) => backendTree(backend, pool)),
    discover: discover === null ? null : discoverText(discover),
  };
}

/** `srv _pg._tcp.service.consul`, `dns app.internal:80` */
function discoverText(discover: DiscoverConfig): string {
  const { kind, name } = discover;
  return kind === "srv" ? `srv ${name}` : `dns ${formatHostPort(name, discover.port)}`;
}

// Its own only where it is another than the pool's: a change of that one is one change.
function backendTree(backend: BackendConfig, { proxyProtocol }: PoolConfig): Tree {
  return {
    endpoint: formatHostPort(backend.host, backend.port),
    weight: backend.weight,
    max_connections: backend.maxConnections,
    ...(backend.proxyProtocol !== proxyProtocol && { proxy_protocol: backend.proxyProtocol }),
    queue: { size: backend.queue.size, timeout: formatDuration(backend.queue.timeoutMs) },
    backup: backend.tier > 0,
    drain: backend.isDraining,
  };
}

function byName<T extends { readonly name: string }>(
  items: readonly T[],
  tree: (item: T) => Tree,
): Tree {
  return Object.fromEntries(items.map((item) => [item.name, tree(item)]));
}

function show(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

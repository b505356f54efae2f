// The written config → the resolved config: defaults filled in, the simple form turned into one
// listener and one pool, equal endpoints joined, everything frozen.
import { type Address, formatAddress } from "../base/address.ts";
import type { ListenAddress, PortRange } from "../base/listen-address.ts";
import type { Rate } from "../base/units.ts";
import type {
  AccessConfig,
  AdminConfig,
  BackendConfig,
  Config,
  DialConfig,
  DiscoverConfig,
  ListenerConfig,
  ListenerLimits,
  LogConfig,
  PoolConfig,
  ProxyAcceptConfig,
  ProxyProtocol,
  ResolverConfig,
  RouteConfig,
  SessionTimeouts,
} from "./config.ts";
import { withDefaults } from "./defaults.ts";
import type {
  WrittenAccess,
  WrittenAdmin,
  WrittenBackend,
  WrittenConfig,
  WrittenDiscover,
  WrittenListener,
  WrittenListenerLimits,
  WrittenLog,
  WrittenPool,
  WrittenProxyAccept,
  WrittenProxyProtocol,
  WrittenResolver,
  WrittenRoute,
  WrittenSessionTimeouts,
  WrittenTimeouts,
} from "./read/raw-config.ts";
import { healthCheckOf, layHealthCheck } from "./resolve-health.ts";
import { MAX_DURATION_MS } from "./schema/field.ts";
import { tables } from "./schema/schema.ts";
import { ACCESS_FIELDS } from "./schema/schema-log.ts";
import { PROXY_TLVS } from "./schema/schema-proxy.ts";

/** The name of the simple form's listener and pool. */
export const DEFAULT_NAME = "default";
const MAX_WEIGHT = 256;
const NO_RATE: Rate = { count: 0, windowMs: 1000 };
/** Behind whatever tiers SRV priorities (RFC 2782) make: there are 65,536. */
export const BACKUP_TIER = 65_536;
/** Resolves a file that has no errors. */
export function resolveConfig(written: WrittenConfig): Config {
  const top = withDefaults(tables.top, written);
  const timeouts = timeoutsOf(written.timeouts);
  const limits = withDefaults(tables.limits, written.limits);
  return deepFreeze({
    workers: top.workers,
    watch: top.watch,
    zeroCopy: top.zero_copy !== false,
    retries: top.retries,
    keepaliveMs: top.keepalive,
    timeouts: {
      ...sessionTimeoutsOf(written),
      shutdownMs: timeouts.shutdown,
      drainDelayMs: timeouts.drain_delay,
    },
    limits: {
      maxConnections: limits.max_connections,
      overload: limits.overload,
      maxBufferedBytes: limits.max_buffered,
      refuse: limits.refuse,
    },
    log: logOf(written.log),
    admin: adminOf(written.admin),
    resolver: resolverOf(written.resolver),
    listeners: listenersOf(written),
    pools: poolsOf(written),
  });
}

function logOf(written: WrittenLog = {}): LogConfig {
  const { level, format } = withDefaults(tables.log, written);
  const { file = null, access } = written;
  return { level, format, file, access: accessOf(access) };
}

function accessOf(access: WrittenAccess = "off"): AccessConfig {
  const written = typeof access === "string" ? { mode: access } : access;
  const { mode, format } = withDefaults(tables.access, written);
  const { file = null, fields = ACCESS_FIELDS } = written;
  return { mode, file, format, fields: fields.filter(isPresent) };
}

function adminOf({
  listen = null,
  token = null,
  token_file = null,
}: WrittenAdmin = {}): AdminConfig {
  return { listen, token, tokenFile: token === null ? token_file : null };
}

function resolverOf(written: WrittenResolver = {}): ResolverConfig {
  const { interval, hold } = withDefaults(tables.resolver, written);
  const servers = (written.servers ?? []).filter(isPresent);
  return { servers, intervalMs: interval, holdMs: hold };
}

export function listenersOf(written: WrittenConfig): readonly ListenerConfig[] {
  const { port, bind_address } = withDefaults(tables.top, written);
  const simple = { name: DEFAULT_NAME, pool: DEFAULT_NAME, port, bind_address };
  const all = written.listeners ?? [simple];
  return all.filter(isPresent).map((listener: WrittenListener) => {
    const filled = withDefaults(tables.listener, listener);
    const { name, tcp_fast_open, defer_accept } = filled;
    const { pool = null, routes = [], proxy_protocol, allow, deny = [] } = listener;
    return {
      name,
      address: listenAddressOf(listener),
      pool,
      routes: routes.filter(isPresent).map(routeOf),
      proxyProtocol: proxyAcceptOf(proxy_protocol),
      allow: allow === undefined ? null : allow.filter(isPresent),
      deny: deny.filter(isPresent),
      isFastOpen: tcp_fast_open,
      isDeferred: defer_accept,
      limits: listenerLimitsOf(listener.limits),
      timeouts: sessionTimeoutsOf(written, listener.timeouts),
    };
  });
}

function routeOf(written: WrittenRoute): RouteConfig {
  const { sni = [], alpn = [], pool = null } = written;
  return {
    sni: sni.filter(isPresent),
    alpn: alpn.filter(isPresent),
    isDefault: written.default === true,
    isPlain: written.tls === false,
    pool,
  };
}

function proxyAcceptOf(written: WrittenProxyAccept = { accept: false }): ProxyAcceptConfig {
  const { accept, optional } = withDefaults(tables.proxyAccept, written);
  const trusted = (written.trusted ?? []).filter(isPresent);
  return { isAccepted: accept, trusted, isOptional: optional };
}

/** The address of a listener; where it has none, which is an error, port 0. */
export function listenAddressOf(listener: WrittenListener): ListenAddress {
  const { bind_address, mode } = withDefaults(tables.listener, listener);
  const { port = 0, unix } = listener;
  if (unix === undefined) return { kind: "tcp", ip: bind_address, ports: rangeOf(port) };
  return { kind: "unix", path: unix, mode: unix.startsWith("@") ? null : mode };
}

function rangeOf(port: number | PortRange): PortRange {
  return typeof port === "number" ? { from: port, to: port } : port;
}

function listenerLimitsOf(written: WrittenListenerLimits | undefined): ListenerLimits {
  const limits = withDefaults(tables.listenerLimits, written);
  return {
    maxConnections: limits.max_connections,
    perClient: limits.per_client,
    rate: limits.rate || NO_RATE,
    ratePerClient: limits.rate_per_client || NO_RATE,
  };
}

/** A long `connect` has time for as many dials as the usual one, unless `connect_total` is written. */
export function timeoutsOf(written: WrittenTimeouts = {}) {
  const all = withDefaults(tables.timeouts, written);
  if (written.connect_total !== undefined) return all;
  const total = Math.max(all.connect_total, 3 * all.connect);
  return { ...all, connect_total: Math.min(total, MAX_DURATION_MS) };
}

function sessionTimeoutsOf(
  { timeouts }: WrittenConfig,
  own?: WrittenSessionTimeouts,
): SessionTimeouts {
  const all = timeoutsOf({ ...timeouts, ...own });
  return {
    connectMs: all.connect,
    connectTotalMs: all.connect_total,
    prereadMs: all.preread,
    idleMs: all.idle,
    halfClosedMs: all.half_closed,
    maxLifetimeMs: all.max_lifetime,
    userMs: all.user,
  };
}

export function poolsOf(written: WrittenConfig): readonly PoolConfig[] {
  const { method, backends, health_check } = written;
  const simple: WrittenPool = { ...(method && { method }), ...(backends && { backends }) };
  const all = Object.entries(written.pools ?? { [DEFAULT_NAME]: simple });
  return all.map(([name, pool]) => {
    const filled = withDefaults(tables.pool, pool);
    const { method, slow_start, on_down, fail_open, wait, on_up, proxy_protocol } = filled;
    const proxyProtocol = proxyProtocolOf(proxy_protocol);
    return {
      name,
      method,
      healthCheck: healthCheckOf(layHealthCheck(health_check, pool?.health_check)),
      // Its default is the word for 0.
      boundPercent: pool?.hash?.bounded ?? 0,
      hashedBy: withDefaults(tables.hash, pool?.hash).backend,
      dial: dialOf(pool),
      slowStartMs: slow_start,
      proxyProtocol,
      onDown: on_down,
      failOpen: fail_open,
      waitMs: wait,
      onUp: on_up,
      backends: joinEqual(
        (pool?.backends ?? []).filter(isPresent).map((one) => backendOf(one, proxyProtocol)),
      ),
      discover: discoverOf(pool?.discover),
    };
  });
}

function dialOf({ retries, timeouts = {}, source = [] }: WrittenPool = {}): DialConfig {
  return {
    retries: retries ?? null,
    connectMs: timeouts.connect ?? null,
    connectTotalMs: timeouts.connect_total ?? null,
    source: source.filter(isPresent),
  };
}

function discoverOf(written: WrittenDiscover = {}): DiscoverConfig | null {
  const { srv, dns, port, max } = withDefaults(tables.discover, written);
  if (srv !== undefined) return { kind: "srv", name: srv, max };
  return dns === undefined || port === undefined ? null : { kind: "dns", name: dns, port, max };
}

/** The name that identifies a backend in its pool. */
function backendName(written: WrittenBackend): string {
  return written.name ?? formatAddress(backendAddress(written));
}

/** The address of a backend that has no errors. */
export function backendAddress({ host = "", port = 0, unix }: WrittenBackend): Address {
  return unix === undefined ? { kind: "host", host, port } : { kind: "unix", path: unix };
}

/** A backend that has no errors; `proxyProtocol` is its pool's. */
export function backendOf(written: WrittenBackend, proxyProtocol: ProxyProtocol): BackendConfig {
  const { weight, max_connections, backup, drain } = withDefaults(tables.backend, written);
  const queue = withDefaults(tables.queue, written.queue);
  return {
    name: backendName(written),
    address: backendAddress(written),
    weight,
    maxConnections: max_connections,
    proxyProtocol:
      written.proxy_protocol === undefined
        ? proxyProtocol
        : proxyProtocolOf(written.proxy_protocol),
    queue: { size: queue.size, timeoutMs: queue.timeout },
    tier: backup ? BACKUP_TIER : 0,
    isDraining: drain,
  };
}

export function proxyProtocolOf(written: WrittenProxyProtocol): ProxyProtocol {
  if (typeof written === "string") return { version: written, tlvs: [] };
  const { version = "v2", tlvs = [] } = written;
  return { version, tlvs: PROXY_TLVS.filter((tlv) => tlvs.includes(tlv)) };
}

// The same endpoint twice is one backend with the weights added: nothing else differs, as validation has shown.
function joinEqual(backends: readonly BackendConfig[]): readonly BackendConfig[] {
  const byEndpoint = new Map<string, BackendConfig>();
  for (const backend of backends) {
    const key = formatAddress(backend.address);
    const first = byEndpoint.get(key);
    if (first === undefined) byEndpoint.set(key, backend);
    else {
      const weight = Math.min(first.weight + backend.weight, MAX_WEIGHT);
      byEndpoint.set(key, { ...first, weight });
    }
  }
  return [...byEndpoint.values()];
}

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}

// A resolved config → the full form as it would be written, with every default in its place. Reading it
// gives the same config again, but for the token, which is shown to nobody.
import { formatAddress, formatHostPort } from "../base/address.ts";
import { formatPorts, type ListenAddress } from "../base/listen-address.ts";
import { formatDuration, formatRate, formatSize } from "../base/units.ts";
import type {
  AdminConfig,
  BackendConfig,
  Config,
  DialConfig,
  DiscoverConfig,
  ListenerConfig,
  ListenerLimits,
  PoolConfig,
  ProxyProtocol,
  ResolverConfig,
  RouteConfig,
  SessionTimeouts,
} from "./config.ts";
import { formatMode } from "./read/read-listen.ts";
import { HIDDEN, healthCheck } from "./serialize-health.ts";

/** Plain JSON. */
export type Written = { readonly [key: string]: unknown };

export function asWritten(config: Config): Written {
  const { timeouts, limits, log } = config;
  return {
    workers: config.workers,
    watch: config.watch,
    zero_copy: config.zeroCopy ? "auto" : false,
    retries: config.retries,
    keepalive: formatDuration(config.keepaliveMs),
    timeouts: {
      ...sessionTimeouts(timeouts),
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
    log: { ...log, access: { ...log.access } },
    admin: admin(config.admin),
    resolver: resolver(config.resolver),
    listeners: config.listeners.map(listenerAsWritten),
    pools: Object.fromEntries(config.pools.map((one) => [one.name, poolAsWritten(one)])),
  };
}

export function sessionTimeouts(timeouts: SessionTimeouts): Written {
  return {
    connect: formatDuration(timeouts.connectMs),
    connect_total: formatDuration(timeouts.connectTotalMs),
    preread: formatDuration(timeouts.prereadMs),
    idle: formatDuration(timeouts.idleMs),
    half_closed: formatDuration(timeouts.halfClosedMs),
    max_lifetime: formatDuration(timeouts.maxLifetimeMs),
    user: formatDuration(timeouts.userMs),
  };
}

function admin({ listen, token, tokenFile }: AdminConfig): Written {
  return {
    listen: listen === null ? null : formatHostPort(listen.ip, listen.port),
    token: token === null || tokenFile !== null ? null : HIDDEN,
    token_file: tokenFile,
  };
}

function resolver({ servers, intervalMs, holdMs }: ResolverConfig): Written {
  return {
    servers: servers.map(({ ip, port }) => formatHostPort(ip, port)),
    interval: formatDuration(intervalMs),
    hold: formatDuration(holdMs),
  };
}

export function listenerAsWritten(one: ListenerConfig): Written {
  return {
    name: one.name,
    ...listenAddress(one.address),
    ...(one.pool === null ? { routes: one.routes.map(routeAsWritten) } : { pool: one.pool }),
    proxy_protocol: proxyAccept(one),
    ...(hasAddresses(one) && byAddress(one)),
    ...(one.address.kind === "tcp" && ofTcp(one)),
    limits: listenerLimits(one.limits),
    timeouts: sessionTimeouts(one.timeouts),
  };
}

export function routeAsWritten({ sni, alpn, isDefault, isPlain, pool }: RouteConfig) {
  return {
    ...(sni.length > 0 && { sni }),
    ...(alpn.length > 0 && { alpn }),
    ...(isDefault && { default: true as const }),
    ...(isPlain && { tls: false as const }),
    ...(pool === null ? { refuse: true as const } : { pool }),
  };
}

function listenAddress(address: ListenAddress): Written {
  if (address.kind === "tcp") {
    const { from, to } = address.ports;
    return { bind_address: address.ip, port: from === to ? from : formatPorts(address.ports) };
  }
  const { path, mode } = address;
  return { unix: path, ...(mode !== null && { mode: formatMode(mode) }) };
}

// Every peer of a unix socket is trusted.
function proxyAccept({ address, proxyProtocol }: ListenerConfig): Written {
  const { isAccepted, trusted, isOptional } = proxyProtocol;
  return {
    accept: isAccepted,
    ...(address.kind === "tcp" && { trusted }),
    optional: isOptional,
  };
}

/** Clients of a unix socket have one only if it is announced. */
function hasAddresses({ address, proxyProtocol }: ListenerConfig): boolean {
  return address.kind === "tcp" || proxyProtocol.isAccepted;
}

function byAddress({ allow, deny }: ListenerConfig): Written {
  return { ...(allow !== null && { allow }), deny };
}

function ofTcp({ isFastOpen, isDeferred }: ListenerConfig): Written {
  return {
    tcp_fast_open: isFastOpen,
    defer_accept: isDeferred,
  };
}

function listenerLimits(limits: ListenerLimits): Written {
  const { maxConnections, perClient, rate, ratePerClient } = limits;
  return {
    max_connections: maxConnections,
    per_client: perClient,
    rate: formatRate(rate),
    rate_per_client: formatRate(ratePerClient),
  };
}

export function poolAsWritten(one: PoolConfig): Written {
  return {
    method: one.method,
    hash: {
      key: "address",
      backend: one.hashedBy,
      bounded: one.boundPercent === 0 ? "off" : `${one.boundPercent}%`,
    },
    ...dial(one.dial),
    proxy_protocol: proxyProtocol(one.proxyProtocol),
    slow_start: formatDuration(one.slowStartMs),
    on_down: one.onDown,
    fail_open: one.failOpen,
    wait: formatDuration(one.waitMs),
    on_up: one.onUp,
    health_check: healthCheck(one.healthCheck),
    backends: one.backends.map(backendAsWritten),
    ...(one.discover !== null && { discover: discover(one.discover) }),
  };
}

function proxyProtocol({ version, tlvs }: ProxyProtocol): unknown {
  return tlvs.length === 0 ? version : { version, tlvs };
}

function dial({ retries, connectMs, connectTotalMs, source }: DialConfig): Written {
  const timeouts = {
    ...(connectMs !== null && { connect: formatDuration(connectMs) }),
    ...(connectTotalMs !== null && { connect_total: formatDuration(connectTotalMs) }),
  };
  return {
    ...(retries !== null && { retries }),
    ...(Object.keys(timeouts).length > 0 && { timeouts }),
    ...(source.length > 0 && { source }),
  };
}

function discover(one: DiscoverConfig): Written {
  const { name, max } = one;
  return one.kind === "srv" ? { srv: name, max } : { dns: name, port: one.port, max };
}

export function backendAsWritten(one: BackendConfig): Written {
  const { name, address } = one;
  return {
    ...(address.kind === "unix"
      ? { unix: address.path }
      : { host: address.host, ...(address.port > 0 && { port: address.port }) }),
    ...(name !== formatAddress(address) && { name }),
    weight: one.weight,
    max_connections: one.maxConnections,
    proxy_protocol: proxyProtocol(one.proxyProtocol),
    queue: { size: one.queue.size, timeout: formatDuration(one.queue.timeoutMs) },
    backup: one.tier > 0,
    drain: one.isDraining,
  };
}

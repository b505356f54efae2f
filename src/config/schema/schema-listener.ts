// The keys of a listener, and of its limits.
import type { Keys } from "./field.ts";
import { integer, map, ports, rate } from "./field-makers.ts";
import { cidrs, proxyAcceptKeys } from "./schema-proxy.ts";
import { routes } from "./schema-routes.ts";
import { listenerTimeoutsKeys } from "./schema-timeouts.ts";

export const listenerLimitsKeys: Keys = {
  max_connections: {
    field: integer(0, 10_000_000),
    default: 0,
    doc: "concurrent connections of this listener; 0: no limit of its own",
  },
  per_client: {
    field: integer(0, 1_000_000),
    default: 0,
    doc: "concurrent connections of one client address (IPv6: one /64); 0: no limit",
  },
  rate: {
    field: rate,
    default: 0,
    doc: "new connections of all clients: 500/s, or 30/10s, which allows a burst of 30; 0: no limit",
  },
  rate_per_client: {
    field: rate,
    default: 0,
    doc: "new connections of one client address (IPv6: one /64); 0: no limit",
  },
};

export const listenerKeys: Keys = {
  name: {
    field: { kind: "name" },
    isRequired: true,
    doc: "the listener's name in logs, metrics and commands",
  },
  bind_address: {
    field: { kind: "ip" },
    default: "0.0.0.0",
    doc: 'the local address; "::" accepts IPv4 and IPv6',
  },
  port: {
    field: ports,
    isRequired: true,
    unless: "unix",
    doc: "the TCP port, or a range of ports",
  },
  unix: {
    field: { kind: "socket-path" },
    doc: "the path of a unix socket, instead of an address and a port",
  },
  mode: {
    field: { kind: "mode" },
    default: "0660",
    doc: "the permissions of the unix socket; users who may write to it may connect",
  },
  pool: {
    field: { kind: "name" },
    isRequired: true,
    unless: "routes",
    doc: "the pool for its clients",
  },
  routes: {
    field: routes,
    doc: "instead of a pool: routes that choose the pool by the client's server name (SNI) and protocol (ALPN)",
  },
  proxy_protocol: {
    field: map(proxyAcceptKeys),
    doc: "accepts PROXY headers from proxies in front",
  },
  allow: { field: cidrs, doc: "client addresses that are accepted; default: all" },
  deny: { field: cidrs, doc: "client addresses that are refused; wins over allow" },
  tcp_fast_open: {
    field: { kind: "boolean" },
    default: false,
    doc: "lets a client send its first bytes with its SYN (Linux; net.ipv4.tcp_fastopen has to allow it)",
  },
  defer_accept: {
    field: { kind: "boolean" },
    default: false,
    doc: "accepts a client only when its first bytes have arrived, or after a second (Linux)",
  },
  limits: { field: map(listenerLimitsKeys), doc: "limits of this listener" },
  timeouts: {
    field: map(listenerTimeoutsKeys),
    doc: "timeouts of this listener; override the global ones, key by key",
  },
};

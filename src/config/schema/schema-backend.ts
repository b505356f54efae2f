// The keys of backends, as the schema has them.
import type { Keys } from "./field.ts";
import { duration, integer, map, port } from "./field-makers.ts";
import { proxyProtocol } from "./schema-proxy.ts";

/** Capacity of the board (shared/board.ts); a test compares them. */
export const MAX_BACKENDS = 4096;

export const queueKeys: Keys = {
  size: {
    field: integer(0, 100_000),
    default: 0,
    doc: "clients that may wait; those of all backends add up to the pool's one queue",
  },
  timeout: {
    field: duration(),
    default: "5s",
    doc: "how long a client may wait; the longest of a pool's backends counts",
  },
};

export const backendKeys: Keys = {
  host: {
    field: { kind: "host" },
    isRequired: true,
    unless: "unix",
    doc: "IP address or hostname",
  },
  port: { field: port, doc: "TCP port; the one that the client came to when absent" },
  unix: {
    field: { kind: "socket-path" },
    doc: "a unix socket, in place of host and port",
  },
  weight: {
    field: integer(0, 256),
    default: 1,
    doc: "share of new connections; 0 takes none and keeps those it has",
  },
  name: {
    field: { kind: "name" },
    doc: "what it is called; host:port, host or unix:/path when absent",
  },
  max_connections: {
    field: integer(0, 1_000_000),
    default: 0,
    doc: "sessions at a time; one that is full is passed over; 0 is no bound",
  },
  proxy_protocol: {
    field: proxyProtocol,
    doc: "the header with the client's address; overrides the pool's",
  },
  queue: { field: map(queueKeys), doc: "where clients wait while every backend is full" },
  backup: {
    field: { kind: "boolean" },
    default: false,
    doc: "serves only when no backend that is no backup can",
  },
  drain: {
    field: { kind: "boolean" },
    default: false,
    doc: "takes no new connections and keeps those it has",
  },
};

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
    doc: "how many clients may wait; the sizes of all backends add up to the pool's one queue",
  },
  timeout: {
    field: duration(),
    default: "5s",
    doc: "how long a client may wait; the longest timeout of a pool's backends applies",
  },
};

export const backendKeys: Keys = {
  host: {
    field: { kind: "host" },
    isRequired: true,
    unless: "unix",
    doc: "the IP address or the hostname",
  },
  port: { field: port, doc: "the TCP port; default: the port that the client connected to" },
  unix: {
    field: { kind: "socket-path" },
    doc: "the path of a unix socket, instead of host and port",
  },
  weight: {
    field: integer(0, 256),
    default: 1,
    doc: "the share of new connections; with 0 it gets none and keeps existing ones",
  },
  name: {
    field: { kind: "name" },
    doc: "the backend's name; default: host:port, host or unix:/path",
  },
  max_connections: {
    field: integer(0, 1_000_000),
    default: 0,
    doc: "concurrent sessions; a full backend is skipped; 0: no limit",
  },
  proxy_protocol: {
    field: proxyProtocol,
    doc: "the PROXY header for this backend; overrides the pool's",
  },
  queue: {
    field: map(queueKeys),
    doc: "the queue in which clients wait while every backend is full",
  },
  backup: {
    field: { kind: "boolean" },
    default: false,
    doc: "gets clients only while every other backend is out of service",
  },
  drain: {
    field: { kind: "boolean" },
    default: false,
    doc: "gets no new connections and keeps existing ones",
  },
};

// The keys of health checks, as the schema has them.
import type { Field, Keys } from "./field.ts";
import { choice, described, duration, integer, map, port, timeout } from "./field-makers.ts";

const MAX_STEPS = 32;
const MAX_CHECKS = 16;
const MAX_HEADERS = 64;

const bytes: Field = { kind: "bytes", max: 1024 };

const stepKeys: Keys = {
  send: { field: bytes, doc: "what is sent first: a text, or bytes such as hex:0a0b" },
  expect: { field: bytes, doc: "what the answer has to begin with" },
  contains: { field: bytes, doc: "what the answer has to contain" },
};

export const healthCheckKeys: Keys = {
  type: {
    field: described({
      tcp: "the backend accepts a connection",
      tls: "the backend completes a TLS handshake",
      http: "the backend answers an HTTP request",
      https: "the backend answers an HTTP request over TLS",
      exchange: "the backend answers bytes that you choose",
      off: "the backend is not checked",
    }),
    default: "tcp",
    doc: "how a backend is checked: by a TCP connection, a TLS handshake, an HTTP or HTTPS request, or bytes that you choose",
  },
  port: { field: port, doc: "the port of the check, if it is not the backend's" },
  path: {
    field: { kind: "url-path", max: 1024 },
    default: "/",
    doc: "http, https: the path of the request",
  },
  method: {
    field: choice("GET", "HEAD", "OPTIONS", "POST", "PUT"),
    default: "GET",
    doc: "http, https: the method of the request",
  },
  host: {
    field: { kind: "host" },
    doc: "http, https: the Host header; default: the backend's host",
  },
  headers: {
    field: { kind: "named", of: { kind: "header" }, names: "header", max: MAX_HEADERS },
    doc: "http, https: additional headers of the request, by name",
  },
  expect: {
    field: bytes,
    doc: "http, https: the statuses that pass (default: 200-399); exchange: what the answer has to begin with",
  },
  contains: {
    field: bytes,
    doc: "http, https: what the body has to contain; exchange: what the answer has to contain",
  },
  send: { field: bytes, doc: "exchange: what is sent first: a text, or bytes such as hex:0a0b" },
  steps: {
    field: { kind: "list", of: map(stepKeys), max: MAX_STEPS },
    doc: "exchange: several exchanges, one after the other, instead of send, expect and contains",
  },
  server_name: {
    field: { kind: "host" },
    doc: "tls, https: the server name (SNI); default: the backend's host, if that is a name",
  },
  verify: {
    field: { kind: "boolean" },
    default: false,
    doc: "tls, https: requires a certificate that is valid for the server name",
  },
  ca: {
    field: { kind: "path" },
    doc: "tls, https: the PEM file of the trusted authorities; default: those built into bal",
  },
  cert: {
    field: { kind: "path" },
    doc: "tls, https: the PEM file of the client certificate",
  },
  key: {
    field: { kind: "path" },
    doc: "tls, https: the PEM file of the client certificate's private key",
  },
  alpn: {
    field: { kind: "list", of: { kind: "protocol" }, max: 16 },
    doc: "tls, https: the protocols to offer; default: none",
  },
  expiry_warning: {
    field: timeout,
    default: "14d",
    doc: "tls, https: bal warns when the certificate expires within this time; 0 disables it",
  },
  interval: { field: duration(), default: "5s", doc: "the time between two checks" },
  timeout: { field: duration(), default: "2s", doc: "how long one check may take" },
  fast_interval: {
    field: duration(),
    default: "500ms",
    doc: "the time between two checks after a different result, until rise or fall is reached, and while no backend of the pool is up",
  },
  rise: {
    field: integer(1, 100),
    default: 2,
    doc: "how many checks in a row have to pass before a backend is up",
  },
  fall: {
    field: integer(1, 100),
    default: 3,
    doc: "how many checks in a row have to fail before a backend is down",
  },
};

/** One check, or a list of checks that must all pass. */
export const healthCheck: Field = {
  kind: "either",
  word: { kind: "list", of: map(healthCheckKeys), max: MAX_CHECKS },
  map: map(healthCheckKeys),
};

// The keys of health checks, as the schema has them.
import type { Field, Keys } from "./field.ts";
import { choice, described, duration, integer, map, port, timeout } from "./field-makers.ts";

const MAX_STEPS = 32;
const MAX_CHECKS = 16;
const MAX_HEADERS = 64;

const bytes: Field = { kind: "bytes", max: 1024 };

const stepKeys: Keys = {
  send: { field: bytes, doc: "a text, or bytes as hex:0a0b; sent before an answer is waited for" },
  expect: { field: bytes, doc: "what the answer begins with" },
  contains: { field: bytes, doc: "what is somewhere in the answer" },
};

export const healthCheckKeys: Keys = {
  type: {
    field: described({
      tcp: "it can be connected to",
      tls: "it shakes hands in TLS",
      http: "it answers an HTTP request",
      https: "it answers an HTTP request over TLS",
      exchange: "it answers bytes of your own",
      off: "it is not checked",
    }),
    default: "tcp",
    doc: "how a backend is checked: by a connect, a TLS handshake, an HTTP request, bytes of your own",
  },
  port: { field: port, doc: "another port than the backend's, for the check" },
  path: {
    field: { kind: "url-path", max: 1024 },
    default: "/",
    doc: "http, https: what is asked for",
  },
  method: {
    field: choice("GET", "HEAD", "OPTIONS", "POST", "PUT"),
    default: "GET",
    doc: "http, https: the method of the request",
  },
  host: {
    field: { kind: "host" },
    doc: "http, https: the Host header; the backend's host when absent",
  },
  headers: {
    field: { kind: "named", of: { kind: "header" }, names: "header", max: MAX_HEADERS },
    doc: "http, https: further headers of the request, by name",
  },
  expect: {
    field: bytes,
    doc: "http, https: statuses that pass (200-399 when absent); exchange: what the answer begins with",
  },
  contains: {
    field: bytes,
    doc: "http, https: what is somewhere in the body; exchange: in the answer",
  },
  send: { field: bytes, doc: "exchange: a text, or bytes as hex:0a0b" },
  steps: {
    field: { kind: "list", of: map(stepKeys), max: MAX_STEPS },
    doc: "exchange: in place of send, expect and contains, one after the other",
  },
  server_name: {
    field: { kind: "host" },
    doc: "tls, https: the name asked for; the backend's host when absent and a name",
  },
  verify: {
    field: { kind: "boolean" },
    default: false,
    doc: "tls, https: the certificate must be valid, for that name",
  },
  ca: {
    field: { kind: "path" },
    doc: "tls, https: PEM file of the authorities that are trusted, in place of those that come with bal",
  },
  cert: {
    field: { kind: "path" },
    doc: "tls, https: PEM file of the certificate that the check shows",
  },
  key: { field: { kind: "path" }, doc: "tls, https: PEM file of its private key" },
  alpn: {
    field: { kind: "list", of: { kind: "protocol" }, max: 16 },
    doc: "tls, https: protocols that are offered; none when absent",
  },
  expiry_warning: {
    field: timeout,
    default: "14d",
    doc: "tls, https: a certificate that ends sooner is warned of; 0 is off",
  },
  interval: { field: duration(), default: "5s", doc: "time between two checks" },
  timeout: { field: duration(), default: "2s", doc: "how long one check may take" },
  fast_interval: {
    field: duration(),
    default: "500ms",
    doc: "time between two checks while a change is undecided, or while the pool has no backend that is up",
  },
  rise: {
    field: integer(1, 100),
    default: 2,
    doc: "checks in a row that must pass until it is up",
  },
  fall: {
    field: integer(1, 100),
    default: 3,
    doc: "checks in a row that must fail until it is down",
  },
};

/** One check, or a list of checks that must all pass. */
export const healthCheck: Field = {
  kind: "either",
  word: { kind: "list", of: map(healthCheckKeys), max: MAX_CHECKS },
  map: map(healthCheckKeys),
};

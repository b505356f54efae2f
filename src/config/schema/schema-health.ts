// The keys of health checks, as the schema has them.
import type { Keys } from "./field.ts";
import { choice, duration, integer, port, timeout } from "./field-makers.ts";

export const healthCheckKeys: Keys = {
  type: {
    field: choice("tcp", "tls", "http", "exchange", "off"),
    default: "tcp",
    doc: "how a backend is checked: by a connect, a TLS handshake, an HTTP request, bytes of your own",
  },
  port: { field: port, doc: "another port than the backend's, for the check" },
  path: { field: { kind: "url-path", max: 1024 }, default: "/", doc: "http: what is asked for" },
  host: { field: { kind: "host" }, doc: "http: the Host header; the backend's host when absent" },
  expect: {
    field: { kind: "bytes", max: 1024 },
    doc: "http: statuses that pass (200-399 when absent); exchange: what the answer begins with",
  },
  send: { field: { kind: "bytes", max: 1024 }, doc: "exchange: a text, or bytes as hex:0a0b" },
  server_name: {
    field: { kind: "host" },
    doc: "tls: the name asked for; the backend's host when absent and a name",
  },
  verify: {
    field: { kind: "boolean" },
    default: false,
    doc: "tls: the certificate must be valid, for that name",
  },
  expiry_warning: {
    field: timeout,
    default: "14d",
    doc: "tls: a certificate that ends sooner is warned of; 0 is off",
  },
  interval: { field: duration(), default: "5s", doc: "time between two checks" },
  timeout: { field: duration(), default: "2s", doc: "how long one check may take" },
  fast_interval: {
    field: duration(),
    default: "500ms",
    doc: "time between two checks while a change is undecided",
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

// The one table of all keys: type, range, default, one line of text. Validation, defaults and the
// reference come from it. The larger groups have their own files.
import type { Field, Keys } from "./field.ts";
import { choice, described, integer, map, nullable, ports, timeout } from "./field-makers.ts";
import { backendKeys, MAX_BACKENDS, queueKeys } from "./schema-backend.ts";
import { healthCheck, healthCheckKeys } from "./schema-health.ts";
import { limitsKeys } from "./schema-limits.ts";
import { listenerKeys, listenerLimitsKeys } from "./schema-listener.ts";
import { accessKeys, logKeys } from "./schema-log.ts";
import { proxyAcceptKeys, proxyProtocol } from "./schema-proxy.ts";
import { discoverKeys, resolverKeys } from "./schema-resolver.ts";
import { rustCompatKeys } from "./schema-rust-compat.ts";
import { dialTimeoutsKeys, timeoutsKeys } from "./schema-timeouts.ts";

const MAX_POOLS = 1024;
const MAX_LISTENERS = 1024;
const MAX_WORKERS = 8;

const method = described({
  round_robin: "each backend in turn, in proportion to its weight",
  least_connections: "the backend with the fewest connections for its weight",
  random: "the less busy of two backends that are drawn at random by weight",
  source_hash: "the same backend for the same client address",
  least_time: "the backend that connects and answers fastest for its load",
  first: "the first backend in the list that is not full",
});

const backends: Field = {
  kind: "list",
  of: { kind: "map", keys: backendKeys, sample: { host: "10.0.0.1", port: 443 } },
  max: MAX_BACKENDS,
};

const adminKeys: Keys = {
  listen: {
    field: nullable({ kind: "address" }),
    doc: "the address of the admin API over TCP; other than loopback addresses need a token",
  },
  token: {
    field: nullable({ kind: "secret" }),
    doc: "the token that clients of admin.listen have to send",
  },
  token_file: {
    field: nullable({ kind: "path" }),
    doc: "the file that contains the token; read at the start and at every reload",
  },
};

const hashKeys: Keys = {
  key: { field: choice("address"), default: "address", doc: "the part of a client that is hashed" },
  backend: {
    field: choice("endpoint", "host", "name"),
    default: "endpoint",
    doc: "the part of a backend that is hashed; endpoint: its address and port; host: its host alone, so that a client gets the same server in every pool that has it; name: its name",
  },
  bounded: {
    field: { kind: "percent", min: 101, max: 1000 },
    default: "off",
    doc: "the largest load of a backend, in percent of its share; off: no limit",
  },
};

const poolKeys: Keys = {
  method: { field: method, default: "round_robin", doc: "how bal chooses a backend" },
  hash: { field: map(hashKeys), doc: "settings of the method source_hash" },
  retries: {
    field: integer(0, 100),
    doc: "how many further backends a client is tried on; overrides the global value",
  },
  timeouts: {
    field: map(dialTimeoutsKeys),
    doc: "timeouts of dials to this pool; override those of listeners and the global ones",
  },
  source: {
    field: { kind: "list", of: { kind: "ip" }, max: 256 },
    doc: "local addresses for dials and checks, used in turn; default: the kernel's choice (Linux)",
  },
  proxy_protocol: {
    field: proxyProtocol,
    default: "off",
    doc: "sends the client's address to the backends in a PROXY header, like HAProxy's send-proxy",
  },
  slow_start: {
    field: timeout,
    default: 0,
    doc: "how long a recovered backend takes to reach its full weight; 0: at once",
  },
  on_down: {
    field: described({
      keep: "the sessions of a backend that goes down continue",
      close: "they are reset",
    }),
    default: "keep",
    doc: "what happens to the sessions of a backend that goes down; close: they are reset",
  },
  fail_open: {
    field: { kind: "auto", or: { kind: "boolean" } },
    default: "auto",
    doc: "what happens while no backend is up; true: clients are sent to all backends that are not draining; auto: true, unless the checks are of type http, https or exchange, which may depend on a role",
  },
  wait: {
    field: timeout,
    default: 0,
    doc: "how long a client waits for a backend to come up, where fail_open does not apply; 0: it is refused at once",
  },
  on_up: {
    field: described({
      keep: "the sessions of backups continue",
      close_backups: "they are reset once another backend is up",
    }),
    default: "keep",
    doc: "what happens to the sessions of backups when another backend comes up; close_backups: they are reset",
  },
  health_check: {
    field: healthCheck,
    doc: "health check of this pool; overrides the global one, key by key; in a list, every check must pass",
  },
  backends: {
    field: backends,
    isRequired: true,
    unless: "discover",
    doc: "the backends; may be absent if discover is set",
  },
  discover: {
    field: map(discoverKeys),
    doc: "backends that are found in DNS, in addition to those in backends",
  },
};

/** One listener and one pool without their names; not beside `listeners` and `pools`. */
export const simpleFormKeys = ["port", "bind_address", "method", "backends"] as const;

/** The whole file. The files in validate/ decide which keys go together. */
export const schema = {
  kind: "map",
  ownPrefix: "x-",
  keys: {
    port: {
      field: ports,
      default: 9295,
      doc: "simple form: the TCP port, or a range of ports",
    },
    bind_address: {
      field: { kind: "ip" },
      default: "0.0.0.0",
      doc: 'simple form: the local address; "::" accepts IPv4 and IPv6',
    },
    method: {
      field: method,
      default: "round_robin",
      doc: "simple form: how bal chooses a backend",
    },
    backends: { field: backends, doc: "simple form: the backends" },
    workers: {
      field: { kind: "auto", or: integer(1, MAX_WORKERS) },
      default: "auto",
      doc: "the number of threads; auto: the CPUs that this process may use, at most 8",
    },
    watch: {
      field: { kind: "boolean" },
      default: true,
      doc: "reloads the config when its file changes",
    },
    zero_copy: {
      field: { kind: "auto", or: { kind: "boolean" } },
      default: "auto",
      doc: "auto: bulk data is spliced inside the kernel where possible; false: it is always copied",
    },
    retries: {
      field: integer(0, 100),
      default: 2,
      doc: "how many further backends a client is tried on when a dial fails",
    },
    keepalive: {
      field: timeout,
      default: "60s",
      doc: "how long a connection is silent before TCP keepalive probes it, on both sides; 0 disables it",
    },
    health_check: { field: healthCheck, doc: "the default health check of all pools" },
    timeouts: { field: map(timeoutsKeys), doc: "global timeouts" },
    limits: { field: map(limitsKeys), doc: "global limits" },
    log: { field: map(logKeys), doc: "bal's own log and the access log" },
    admin: { field: map(adminKeys), doc: "the admin API over TCP" },
    resolver: { field: map(resolverKeys), doc: "how names are resolved" },
    listeners: {
      field: {
        kind: "list",
        of: { kind: "map", keys: listenerKeys, sample: { name: "web", port: 443, pool: "web" } },
        max: MAX_LISTENERS,
      },
      doc: "full form: the addresses that clients connect to",
    },
    pools: {
      field: { kind: "named", of: map(poolKeys), max: MAX_POOLS },
      doc: "full form: the groups of backends, by name",
    },
    ...rustCompatKeys,
  },
} as const satisfies Field;

/** The tables that defaults are taken from. */
export const tables = {
  top: schema.keys as Keys,
  backend: backendKeys,
  queue: queueKeys,
  healthCheck: healthCheckKeys,
  timeouts: timeoutsKeys,
  limits: limitsKeys,
  log: logKeys,
  access: accessKeys,
  admin: adminKeys,
  resolver: resolverKeys,
  listener: listenerKeys,
  listenerLimits: listenerLimitsKeys,
  proxyAccept: proxyAcceptKeys,
  hash: hashKeys,
  discover: discoverKeys,
  pool: poolKeys,
} as const;

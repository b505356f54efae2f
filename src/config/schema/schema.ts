// The one table of all keys: type, range, default, one line of words. Validation, defaults and the
// reference come from it.
import type { Field, Keys } from "./field.ts";
import {
  choice,
  described,
  duration,
  integer,
  map,
  nullable,
  ports,
  rate,
  timeout,
} from "./field-makers.ts";
import { backendKeys, MAX_BACKENDS, queueKeys } from "./schema-backend.ts";
import { healthCheck, healthCheckKeys } from "./schema-health.ts";
import { limitsKeys } from "./schema-limits.ts";
import { accessKeys, logKeys } from "./schema-log.ts";
import { cidrs, proxyAcceptKeys, proxyProtocol } from "./schema-proxy.ts";
import { discoverKeys, resolverKeys } from "./schema-resolver.ts";
import { routes } from "./schema-routes.ts";
import { rustCompatKeys } from "./schema-rust-compat.ts";

const MAX_POOLS = 1024;
const MAX_LISTENERS = 1024;
const MAX_WORKERS = 8;

const method = described({
  round_robin: "each in turn, as often as its weight says",
  least_connections: "the one with the fewest connections for its weight",
  random: "any of them, more often where the weight is greater",
  source_hash: "the same one for the same client address",
  least_time: "the one that connects fastest, with few connections",
  first: "the first of the list that is not full",
});

const backends: Field = {
  kind: "list",
  of: { kind: "map", keys: backendKeys, sample: { host: "10.0.0.1", port: 443 } },
  max: MAX_BACKENDS,
};

const sessionTimeoutsKeys: Keys = {
  connect: { field: duration(), default: "2s", doc: "one dial of a backend" },
  connect_total: { field: duration(), default: "6s", doc: "all dials for one client" },
  preread: {
    field: duration(),
    default: "3s",
    doc: "from accept until PROXY header and ClientHello are there, where they are waited for",
  },
  idle: { field: timeout, default: "1h", doc: "no byte in either direction; 0 is off" },
  half_closed: {
    field: timeout,
    default: "5m",
    doc: "no byte in either direction after one side has finished; 0 is off",
  },
  max_lifetime: {
    field: timeout,
    default: 0,
    doc: "from accept to the end whatever happens, a tenth more or less; 0 is off",
  },
  user: {
    field: timeout,
    default: 0,
    doc: "how long a peer may leave bytes unconfirmed (TCP_USER_TIMEOUT), on both sides; 0: the kernel decides",
  },
};

const timeoutsKeys: Keys = {
  ...sessionTimeoutsKeys,
  shutdown: {
    field: timeout,
    default: "25s",
    doc: "how long a drain waits for sessions; 0 does not",
  },
  drain_delay: {
    field: timeout,
    default: 0,
    doc: "how long a drain still takes new clients, while /readyz says no already; 0 does not",
  },
};

const adminKeys: Keys = {
  listen: {
    field: nullable({ kind: "address" }),
    doc: "the admin API over TCP as well; off loopback only with a token",
  },
  token: {
    field: nullable({ kind: "secret" }),
    doc: "what clients of admin.listen have to show",
  },
  token_file: {
    field: nullable({ kind: "path" }),
    doc: "the file that the token is in; read at the start and at every reload",
  },
};

const listenerLimitsKeys: Keys = {
  max_connections: {
    field: integer(0, 10_000_000),
    default: 0,
    doc: "connections at a time; 0 is no bound of its own",
  },
  per_client: {
    field: integer(0, 1_000_000),
    default: 0,
    doc: "connections at a time of one client address (IPv6: of one /64); 0 is no bound",
  },
  rate: {
    field: rate,
    default: 0,
    doc: "new connections: 500/s, or 30/10s, of which 30 may come at once",
  },
  rate_per_client: {
    field: rate,
    default: 0,
    doc: "new connections of one client address (IPv6: of one /64)",
  },
};

/** Absent: as in the global ones. */
const listenerTimeoutsKeys: Keys = Object.fromEntries(
  Object.entries(sessionTimeoutsKeys).map(([name, { field, doc }]) => [name, { field, doc }]),
);

const listenerKeys: Keys = {
  name: { field: { kind: "name" }, isRequired: true, doc: "what it is called" },
  bind_address: {
    field: { kind: "ip" },
    default: "0.0.0.0",
    doc: 'local address; "::" is dual stack',
  },
  port: { field: ports, isRequired: true, unless: "unix", doc: "TCP port, or a range of them" },
  unix: { field: { kind: "socket-path" }, doc: "a unix socket, in place of address and port" },
  mode: {
    field: { kind: "mode" },
    default: "0660",
    doc: "of the unix socket: who may connect (write) to it",
  },
  pool: {
    field: { kind: "name" },
    isRequired: true,
    unless: "routes",
    doc: "the pool that its clients go to",
  },
  routes: {
    field: routes,
    doc: "in place of a pool: TLS clients go where the name and protocol that they ask for say; TLS passes through",
  },
  proxy_protocol: {
    field: map(proxyAcceptKeys),
    doc: "the PROXY header that peers in front send",
  },
  allow: { field: cidrs, doc: "addresses that may come in; all when absent" },
  deny: { field: cidrs, doc: "addresses that may not; wins over allow" },
  tcp_fast_open: {
    field: { kind: "boolean" },
    default: false,
    doc: "a client's first bytes may come with its SYN (Linux; net.ipv4.tcp_fastopen has to allow it)",
  },
  defer_accept: {
    field: { kind: "boolean" },
    default: false,
    doc: "a client is taken when its first bytes are there, or after a second (Linux)",
  },
  limits: { field: map(listenerLimitsKeys), doc: "how much this listener takes on" },
  timeouts: { field: map(listenerTimeoutsKeys), doc: "override the global ones, key by key" },
};

const hashKeys: Keys = {
  key: { field: choice("address"), default: "address", doc: "what of a client is hashed" },
  backend: {
    field: choice("endpoint", "host", "name"),
    default: "endpoint",
    doc: "what of a backend is hashed; host: a client has the same server in every pool that has it, whatever the port; name: as host, by the name of the backend",
  },
  bounded: {
    field: { kind: "percent", min: 101, max: 1000 },
    default: "off",
    doc: "what a backend may have at most, in percent of its share; off: no bound",
  },
};

const dialTimeoutsKeys: Keys = {
  connect: { field: duration(), doc: "one dial of a backend" },
  connect_total: { field: duration(), doc: "all dials for one client" },
};

const poolKeys: Keys = {
  method: { field: method, default: "round_robin", doc: "how a backend is chosen" },
  hash: { field: map(hashKeys), doc: "of the method source_hash" },
  retries: { field: integer(0, 100), doc: "overrides the global one" },
  timeouts: {
    field: map(dialTimeoutsKeys),
    doc: "override those of listeners and the global ones",
  },
  source: {
    field: { kind: "list", of: { kind: "ip" }, max: 256 },
    doc: "addresses of this host that dials and checks come from, each in turn; the kernel's choice when absent (Linux)",
  },
  proxy_protocol: {
    field: proxyProtocol,
    default: "off",
    doc: "the header with the client's address for its backends, like HAProxy's send-proxy",
  },
  slow_start: {
    field: timeout,
    default: 0,
    doc: "how long a backend that comes back takes to have its whole weight; 0 is off",
  },
  on_down: {
    field: described({
      keep: "sessions of a backend that goes down live on",
      close: "they are reset",
    }),
    default: "keep",
    doc: "close: sessions of a backend that is down are reset",
  },
  fail_open: {
    field: { kind: "auto", or: { kind: "boolean" } },
    default: "auto",
    doc: "true: while no backend is up, all are tried that do not drain; auto: unless checks are of type http, https or exchange, which may tell a role",
  },
  wait: {
    field: timeout,
    default: 0,
    doc: "how long a client waits for a backend to come up, where they are not all tried; 0 refuses it at once",
  },
  on_up: {
    field: described({
      keep: "sessions of backups live on",
      close_backups: "they are reset once another backend is up",
    }),
    default: "keep",
    doc: "close_backups: sessions of backups are reset once another backend is up",
  },
  health_check: {
    field: healthCheck,
    doc: "overrides the global one, key by key; a list of checks must all pass",
  },
  backends: {
    field: backends,
    isRequired: true,
    unless: "discover",
    doc: "where connections go; may be absent beside discover",
  },
  discover: { field: map(discoverKeys), doc: "backends that DNS names, besides those in backends" },
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
      doc: "simple form: TCP port to listen on, or a range of them",
    },
    bind_address: {
      field: { kind: "ip" },
      default: "0.0.0.0",
      doc: 'simple form: local address; "::" is dual stack',
    },
    method: { field: method, default: "round_robin", doc: "simple form: how a backend is chosen" },
    backends: { field: backends, doc: "simple form: where connections go" },
    workers: {
      field: { kind: "auto", or: integer(1, MAX_WORKERS) },
      default: "auto",
      doc: "threads; auto: CPUs that this process may use, at most 8",
    },
    watch: { field: { kind: "boolean" }, default: true, doc: "reload when the file changes" },
    zero_copy: {
      field: { kind: "auto", or: { kind: "boolean" } },
      default: "auto",
      doc: "auto: bulk is moved inside the kernel where it can be; false: always copied",
    },
    retries: { field: integer(0, 100), default: 2, doc: "further backends for one client" },
    keepalive: { field: timeout, default: "60s", doc: "TCP keepalive on both sides; 0 is off" },
    health_check: { field: healthCheck, doc: "default for all pools" },
    timeouts: { field: map(timeoutsKeys), doc: "how long things may take" },
    limits: { field: map(limitsKeys), doc: "how much bal takes on" },
    log: { field: map(logKeys), doc: "what is logged, and how" },
    admin: { field: map(adminKeys), doc: "the admin API beside its unix socket" },
    resolver: { field: map(resolverKeys), doc: "how names are looked up" },
    listeners: {
      field: {
        kind: "list",
        of: { kind: "map", keys: listenerKeys, sample: { name: "web", port: 443, pool: "web" } },
        max: MAX_LISTENERS,
      },
      doc: "full form: where clients come in",
    },
    pools: {
      field: { kind: "named", of: map(poolKeys), max: MAX_POOLS },
      doc: "full form: where connections go, by name",
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

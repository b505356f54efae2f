// The faults of backends that no single value shows: forms that do not go together, the same one twice, lists that
// serve nobody.
import { formatAddress, isLoopback, parseIp } from "../../base/address.ts";
import type { BackendConfig, ListenerConfig, ProxyProtocol } from "../config.ts";
import { withDefaults } from "../defaults.ts";
import { findLoops, type Hop } from "../own-listeners.ts";
import type { WrittenBackend, WrittenConfig } from "../read/raw-config.ts";
import type { Report } from "../report.ts";
import { backendOf, DEFAULT_NAME, proxyProtocolOf } from "../resolve.ts";
import { tables } from "../schema/schema.ts";
import { MAX_BACKENDS } from "../schema/schema-backend.ts";
import { backendAsWritten } from "../serialize.ts";

/** A pool as it stands in the file: `path` is empty for the simple form's. */
type Place = {
  readonly path: string;
  readonly pool: string;
  readonly backends: readonly (WrittenBackend | undefined)[] | undefined;
  readonly proxyProtocol: ProxyProtocol;
  /** Clients come to it by routes alone, if at all. */
  readonly isRouted: boolean;
  /** It has backends of its own finding as well. */
  readonly isDiscovered: boolean;
};

export function validateBackends(
  written: WrittenConfig,
  listeners: readonly ListenerConfig[],
  report: Report,
): void {
  const places = placesOf(written);
  const hops = places.flatMap((place) => validatePlace(place, report));
  for (const { hop, listener } of findLoops(hops, listeners, isLoopback)) {
    const message = `this is bal's own listener ${listener.name}: a connection would loop for ever`;
    report.warn(hop.at, { code: "own-listener", message });
  }
  const total = places.reduce((sum, { backends }) => sum + (backends?.length ?? 0), 0);
  if (total <= MAX_BACKENDS) return;
  const message = `there are ${total} backends in all pools together; ${MAX_BACKENDS} are allowed`;
  report.error("pools", { code: "too-many", message });
}

function placesOf(written: WrittenConfig): readonly Place[] {
  const { backends, pools, listeners = [] } = written;
  const simple = { path: "", pool: DEFAULT_NAME, backends, isRouted: false, isDiscovered: false };
  if (pools === undefined) return [{ ...simple, proxyProtocol: proxyProtocolOf("off") }];
  return Object.entries(pools).map(([name, pool]) => ({
    path: `pools.${name}.`,
    pool: name,
    backends: pool?.backends,
    isRouted: !listeners.some((listener) => listener?.pool === name),
    proxyProtocol: proxyProtocolOf(withDefaults(tables.pool, pool).proxy_protocol),
    isDiscovered: pool?.discover !== undefined,
  }));
}

/** A backend, and where it stands. */
type Member = Hop & { readonly at: string; readonly config: BackendConfig };

/** Returns its backends, each endpoint once. */
function validatePlace(place: Place, report: Report): readonly Member[] {
  const { path, pool, backends, isDiscovered, proxyProtocol } = place;
  if (backends === undefined) return [];
  const list = `${path}backends`;
  if (backends.length === 0) {
    const message = "the list is empty; write at least one `{host, port}`";
    if (!isDiscovered) report.error(list, { code: "empty-list", message });
    return [];
  }
  const endpoints = new Map<string, Member>();
  const names = new Map<string, string>();
  let isWhole = true;
  for (const [index, backend] of backends.entries()) {
    const at = `${list}[${index}]`;
    validateForm(at, report);
    validateQueue(at, backend ?? {}, report);
    if (backend === undefined || !hasAddress(at, backend, report)) {
      isWhole = false;
      continue;
    }
    const config = backendOf(backend, proxyProtocol);
    const member = { at, pool, address: config.address, config };
    const first = endpoints.get(formatAddress(config.address));
    if (first !== undefined) {
      validateEqual(first, member, report);
      continue;
    }
    endpoints.set(formatAddress(config.address), member);
    const { name } = config;
    if (names.has(name)) {
      const message = `the name ${name} is already used by ${names.get(name)}`;
      report.error(`${at}.name`, { code: "duplicate-name", message });
    }
    names.set(name, at);
  }
  const members = [...endpoints.values()];
  if (isDiscovered) return members;
  const [only] = members;
  if (only !== undefined && members.length === 1 && isWhole && !isOneOnPurpose(place, only)) {
    const message = "only one backend: there is nothing to fail over to";
    report.warn(list, { code: "one-backend", message });
  }
  if (endpoints.size > 0 && backends.every(takesNobody)) {
    const reasons = [
      backends.some((backend) => backend?.drain === true) && "drains",
      backends.some((backend) => backend?.weight === 0) && "has weight 0",
    ];
    const message = `every backend ${reasons.filter(Boolean).join(" or ")}: no client will be served`;
    report.warn(list, { code: "no-weight", message });
  }
  return members;
}

// A pool that routes lead to is often one server by its name. Behind a hostname may be several servers, and a service
// on this host has no second one.
function isOneOnPurpose({ isRouted }: Place, { address }: Member): boolean {
  if (isRouted || address.kind === "unix") return true;
  return parseIp(address.host) === null || isLoopback(address.host);
}

function takesNobody(backend: WrittenBackend | undefined): boolean {
  return backend?.weight === 0 || backend?.drain === true;
}

// A backend without a bound is never full.
function validateQueue(at: string, backend: WrittenBackend, report: Report): void {
  const { queue, max_connections = 0 } = backend;
  if ((queue?.size ?? 0) === 0 || max_connections > 0) return;
  const message = "`queue` is not used: without `max_connections` this backend is never full";
  report.warn(`${at}.queue`, {
    code: "unused-key",
    message,
    hint: "write max_connections as well",
  });
}

/** Two of one endpoint are one backend, unless they are meant to be different ones. */
function validateEqual(first: Member, second: Member, report: Report): void {
  const endpoint = formatAddress(second.address);
  const { at } = second;
  const differing = differences(first.config, second.config);
  if (differing.length === 0) {
    const message = `${endpoint} is the same as ${first.at}: bal treats them as one backend, with their weights added`;
    return report.warn(at, { code: "duplicate-backend", message });
  }
  const message = `${first.at} (${first.config.name}) and ${at} (${second.config.name}) are the same address, ${endpoint}, and differ in ${differing.join(", ")}`;
  const hint =
    "a pool has one backend for each address: leave one of them out. If only the weight differs, bal adds the weights";
  report.error(at, { code: "duplicate-backend", message, hint });
}

/** The keys in which they differ, their weights apart. */
function differences(first: BackendConfig, second: BackendConfig): readonly string[] {
  const [one, other] = [backendAsWritten(first), backendAsWritten(second)];
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].filter((key) => key !== "weight" && !Bun.deepEquals(one[key], other[key]));
}

// A port that is wrong is none that is left out.
function hasAddress(at: string, { host, port, unix }: WrittenBackend, report: Report): boolean {
  if (unix !== undefined) return true;
  return host !== undefined && (port !== undefined || !report.has(`${at}.port`));
}

function validateForm(at: string, report: Report): void {
  if (!report.has(`${at}.unix`)) return;
  const other = ["host", "port"].find((key) => report.has(`${at}.${key}`));
  if (other === undefined) return;
  const message = `\`unix\` and \`${other}\` cannot be used together: a backend is on a unix socket, or on a host and a port`;
  report.error(`${at}.${other}`, { code: "mixed-forms", message, hint: `leave one of them out` });
}

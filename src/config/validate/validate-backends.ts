// What no single value of a backend shows: forms that do not go together, the same one twice, lists that
// serve nobody.
import { type Address, formatAddress, isLoopback, isWildcard } from "../../base/address.ts";
import { formatListenAddress, hasPort } from "../../base/listen-address.ts";
import type { ListenerConfig } from "../config.ts";
import type { WrittenBackend, WrittenConfig } from "../read/raw-config.ts";
import type { Report } from "../report.ts";
import { backendAddress, backendName, DEFAULT_NAME } from "../resolve.ts";
import { MAX_BACKENDS } from "../schema/schema.ts";

/** A pool as it stands in the file: `path` is empty for the simple form's. */
type Place = {
  readonly path: string;
  readonly pool: string;
  readonly backends: readonly (WrittenBackend | undefined)[] | undefined;
  /** It has backends of its own finding as well. */
  readonly isDiscovered: boolean;
};

export function validateBackends(
  written: WrittenConfig,
  listeners: readonly ListenerConfig[],
  report: Report,
): void {
  const places = placesOf(written);
  for (const place of places) judgePlace(place, listeners, report);
  const total = places.reduce((sum, { backends }) => sum + (backends?.length ?? 0), 0);
  if (total <= MAX_BACKENDS) return;
  const message = `${total} backends in all pools together; ${MAX_BACKENDS} are allowed`;
  report.error("pools", { code: "too-many", message });
}

function placesOf(written: WrittenConfig): readonly Place[] {
  if (written.pools === undefined)
    return [{ path: "", pool: DEFAULT_NAME, backends: written.backends, isDiscovered: false }];
  return Object.entries(written.pools).map(([name, pool]) => ({
    path: `pools.${name}.`,
    pool: name,
    backends: pool?.backends,
    isDiscovered: pool?.discover !== undefined,
  }));
}

function judgePlace(
  { path, pool, backends, isDiscovered }: Place,
  listeners: readonly ListenerConfig[],
  report: Report,
): void {
  if (backends === undefined) return;
  const list = `${path}backends`;
  if (backends.length === 0) {
    if (isDiscovered) return;
    const message = "the list is empty; write at least one `{host, port}`";
    return report.error(list, { code: "empty-list", message });
  }
  const endpoints = new Map<string, number>();
  const names = new Map<string, number>();
  let isWhole = true;
  for (const [index, backend] of backends.entries()) {
    const at = `${list}[${index}]`;
    judgeForm(at, report);
    if (backend === undefined || !hasAddress(at, backend, report)) {
      isWhole = false;
      continue;
    }
    const address = backendAddress(backend);
    const endpoint = formatAddress(address);
    const first = endpoints.get(endpoint);
    if (first !== undefined) {
      const message = `${endpoint} is the same as ${list}[${first}]: they are one backend, with their weights added`;
      report.warn(at, { code: "duplicate-backend", message });
      continue;
    }
    endpoints.set(endpoint, index);
    const name = backendName(backend);
    if (names.has(name)) {
      const message = `${list}[${names.get(name)}] is called ${name} already`;
      report.error(`${at}.name`, { code: "duplicate-name", message });
    }
    names.set(name, index);
    judgeLoop(address, { at, pool, listeners, report });
  }
  if (isDiscovered) return;
  if (endpoints.size === 1 && isWhole) {
    const message = "only one backend: there is nothing to fail over to";
    report.warn(list, { code: "one-backend", message });
  }
  if (endpoints.size > 0 && backends.every((backend) => backend?.weight === 0)) {
    const message = "every backend has weight 0: no client will be served";
    report.warn(list, { code: "no-weight", message });
  }
}

// A port that is wrong is none that is left out.
function hasAddress(at: string, { host, port, unix }: WrittenBackend, report: Report): boolean {
  if (unix !== undefined) return true;
  return host !== undefined && (port !== undefined || !report.has(`${at}.port`));
}

function judgeForm(at: string, report: Report): void {
  if (!report.has(`${at}.unix`)) return;
  const other = ["host", "port"].find((key) => report.has(`${at}.${key}`));
  if (other === undefined) return;
  const message = `\`unix\` and \`${other}\` stand here together: a backend is on a unix socket, or on a host and its port`;
  report.error(`${at}.${other}`, { code: "mixed-forms", message, hint: `leave one of them out` });
}

type LoopCheck = {
  readonly at: string;
  readonly pool: string;
  readonly listeners: readonly ListenerConfig[];
  readonly report: Report;
};

function judgeLoop(address: Address, { at, pool, listeners, report }: LoopCheck): void {
  const own = listeners.find((listener) => isAt(address, listener, pool));
  if (own === undefined) return;
  const message = `this is bal's own listener ${own.name}: a connection would go round for ever`;
  report.warn(at, { code: "own-listener", message });
}

function isAt(backend: Address, listener: ListenerConfig, itsPool: string): boolean {
  const { address, pool, routes } = listener;
  if (backend.kind === "unix" || address.kind === "unix") {
    return formatAddress(backend) === formatListenAddress(address);
  }
  const { host, port } = backend;
  // Without one of its own it is dialled at those of its clients.
  const isMeant = pool === itsPool || routes.some((route) => route.pool === itsPool);
  if (port === 0 ? !isMeant : !hasPort(address, port)) return false;
  if (host === address.ip) return true;
  // Which address of loopback it is says a literal only.
  const isHere = host === "localhost" || isWildcard(host);
  return isWildcard(address.ip) ? isHere || isLoopback(host) : isHere && isLoopback(address.ip);
}

// What no single value of a backend shows: forms that do not go together, the same one twice, lists that
// serve nobody.
import { formatAddress, isLoopback, isWildcard } from "../base/address.ts";
import type { ListenerConfig } from "./config.ts";
import type { Report } from "./report.ts";
import { backendAddress, backendName } from "./resolve.ts";
import { MAX_BACKENDS } from "./schema.ts";
import type { WrittenBackend, WrittenConfig } from "./written.ts";

/** A pool as it stands in the file: `path` is empty for the simple form's. */
type Place = {
  readonly path: string;
  readonly backends: readonly (WrittenBackend | undefined)[] | undefined;
  /** It has backends of its own finding as well. */
  readonly isDiscovered: boolean;
};

export function judgeBackends(
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
    return [{ path: "", backends: written.backends, isDiscovered: false }];
  return Object.entries(written.pools).map(([name, pool]) => ({
    path: `pools.${name}.`,
    backends: pool?.backends,
    isDiscovered: pool?.discover !== undefined,
  }));
}

function judgePlace(
  { path, backends, isDiscovered }: Place,
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
  for (const [index, backend] of backends.entries()) {
    const at = `${list}[${index}]`;
    judgeForm(at, report);
    if (backend === undefined || !hasAddress(backend)) continue;
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
    if (address.kind === "host") judgeLoop(address.host, address.port, { at, listeners, report });
  }
  if (isDiscovered) return;
  if (endpoints.size === 1) {
    const message = "only one backend: there is nothing to fail over to";
    report.warn(list, { code: "one-backend", message });
  }
  if (endpoints.size > 0 && backends.every((backend) => backend?.weight === 0)) {
    const message = "every backend has weight 0: no client will be served";
    report.warn(list, { code: "no-weight", message });
  }
}

function hasAddress({ host, port, unix }: WrittenBackend): boolean {
  return unix !== undefined || (host !== undefined && port !== undefined);
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
  readonly listeners: readonly ListenerConfig[];
  readonly report: Report;
};

function judgeLoop(host: string, port: number, { at, listeners, report }: LoopCheck): void {
  const own = listeners.find(({ bindAddress, port: listening }) => {
    if (listening !== port) return false;
    const isLocal = host === "localhost" || isLoopback(host) || isWildcard(host);
    return (
      host === bindAddress || (isLocal && (isWildcard(bindAddress) || isLoopback(bindAddress)))
    );
  });
  if (own === undefined) return;
  const message = `this is bal's own listener ${own.name}: a connection would go round for ever`;
  report.warn(at, { code: "own-listener", message });
}

// Each backend, dialled from here as a client would be passed on: a TCP connect, and nothing sent.
import { type Endpoint, parseIp } from "../../base/address.ts";
import { isLocalError, localErrorRemedy } from "../../base/os-error.ts";
import type { BackendConfig, Config, PoolConfig } from "../../config/config.ts";
import { probeTcp } from "../health/probe-tcp.ts";
import { type Finding, Findings, forEachOf } from "./finding.ts";
import type { Names } from "./names-check.ts";

const AT_ONCE = 64;
const MAX_TIMEOUT_MS = 5000;

export async function checkBackends(config: Config, names: Names): Promise<readonly Finding[]> {
  const found = new Findings("backends");
  const all = config.pools.flatMap((pool) => pool.backends.map((backend) => ({ pool, backend })));
  const times: number[] = [];
  await forEachOf(all, AT_ONCE, async ({ pool, backend }) => {
    const endpoints = endpointsOf(backend, names);
    // Of a name that does not resolve has been told.
    if (endpoints.length === 0) return;
    const beganMs = performance.now();
    const timeoutMs = Math.min(pool.healthCheck.timeoutMs, MAX_TIMEOUT_MS);
    const { error } = await probeTcp(endpoints, 0, timeoutMs);
    times.push(Math.round(performance.now() - beganMs));
    if (error !== null) judge(error, { pool, backend, timeoutMs }, found);
  });
  const many = times.length === 1 ? "1 backend takes" : `all ${times.length} backends take`;
  return found.okUnlessOther(
    times.length === 0
      ? "none could be dialled"
      : `${many} connections, the slowest after ${Math.max(...times)} ms`,
  ).all;
}

type Dialled = {
  readonly pool: PoolConfig;
  readonly backend: BackendConfig;
  readonly timeoutMs: number;
};

function judge(error: string, { pool, backend, timeoutMs }: Dialled, found: Findings): void {
  const who = `${pool.name}/${backend.name}`;
  if (isLocalError(error)) {
    return found.broken(`${who} could not be dialled: ${error}`, localErrorRemedy(error));
  }
  const { message, remedy } = explain(error, timeoutMs);
  // It is meant to take no clients.
  if (backend.isDraining || backend.weight === 0) found.advise(`${who} ${message}`, remedy);
  else found.broken(`${who} ${message}`, remedy);
}

function explain(error: string, timeoutMs: number): { message: string; remedy: string } {
  switch (error) {
    case "ECONNREFUSED":
      return { message: "refuses connections", remedy: "is it started, and on this port?" };
    case "ETIMEDOUT":
      return {
        message: `does not answer within ${timeoutMs} ms`,
        remedy: "a firewall between here and there, or its host is down",
      };
    case "ENETUNREACH":
    case "EHOSTUNREACH":
      return { message: "cannot be reached", remedy: "there is no route to it: see `ip route`" };
    default:
      return { message: `cannot be connected to: ${error}`, remedy: "see its own log" };
  }
}

function endpointsOf({ host, port }: BackendConfig, names: Names): readonly Endpoint[] {
  const ips = parseIp(host) === null ? (names.addresses.get(host) ?? []) : [host];
  return ips.flatMap((text) => {
    const ip = parseIp(text);
    return ip === null ? [] : [{ ...ip, port }];
  });
}

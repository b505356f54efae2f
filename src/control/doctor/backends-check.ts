// Each backend, checked from here once, in the way in which its pool checks it; where a pool makes no
// checks, connected to.
import type { Address } from "../../base/address.ts";
import { isLocalError, localErrorRemedy } from "../../base/os-error.ts";
import type { BackendConfig, CheckConfig, Config, PoolConfig } from "../../config/config.ts";
import { hasHidden } from "../../config/serialize-health.ts";
import { endpointsOf } from "../backends/endpoints.ts";
import { type Conversation, connectOnly, conversationOf } from "../health/conversation.ts";
import { probeBackend } from "../health/probe.ts";
import { type Finding, Findings, mapEach } from "./finding.ts";
import type { Names } from "./names-check.ts";

const AT_ONCE = 256;
const MAX_TIMEOUT_MS = 5000;
const CHECK_REMEDY = "look at the backend, and at what the pool's health_check expects";

export async function checkBackends(config: Config, names: Names): Promise<readonly Finding[]> {
  const found = new Findings("backends");
  const all = config.pools.flatMap((pool) => pool.backends.map((backend) => ({ pool, backend })));
  const results = await mapEach(all, AT_ONCE, (one) => dial(one, names));
  const dialled = results.filter((result) => result !== null);
  for (const result of dialled) reportDial(result, found);
  if (dialled.length === 0) return found.okUnlessOther("there are no backends to check").all;
  const many = dialled.length === 1 ? "1 backend passes" : `all ${dialled.length} backends pass`;
  const slowestMs = Math.max(...dialled.map(({ tookMs }) => tookMs));
  return found.okUnlessOther(`${many} the health check, the slowest after ${slowestMs} ms`).all;
}

type Member = { readonly pool: PoolConfig; readonly backend: BackendConfig };

/** Null for one without an address (of a name that does not resolve has been told) and for one that nobody
 *  knows a port of. */
async function dial({ pool, backend }: Member, names: Names): Promise<Dialled | null> {
  const endpoints = endpointsOf(backend, (host) => names.addresses.get(host) ?? null);
  const checks = pool.healthCheck.checks.map((check) => ({
    ...askedBy(check, backend),
    timeoutMs: Math.min(check.timeoutMs, MAX_TIMEOUT_MS),
  }));
  const conversations: readonly Conversation[] =
    checks.length > 0 ? checks : [connectOnly(MAX_TIMEOUT_MS)];
  // Without a port of its own it is met where it is checked.
  const isNowhere = isPortless(backend) && conversations.some(({ port }) => port === 0);
  if (endpoints.length === 0 || isNowhere) return null;
  const [{ timeoutMs } = { timeoutMs: MAX_TIMEOUT_MS }] = conversations;
  const beganMs = performance.now();
  const { code, error } = await probeBackend(endpoints, 0, conversations);
  const tookMs = Math.round(performance.now() - beganMs);
  return { pool, backend, timeoutMs, code, error, tookMs };
}

/** A config that was asked of the running bal lacks the secrets: then a connect has to do. */
function askedBy(check: CheckConfig, backend: BackendConfig): Conversation {
  if (hasHidden(check)) return connectOnly(check.timeoutMs, check.port);
  const { proxyProtocol } = backend;
  return conversationOf(check, { ...placeOf(backend), proxyProtocol });
}

function placeOf({ address }: BackendConfig): {
  readonly host: string | null;
  readonly port: number;
} {
  if (address.kind === "unix") return { host: null, port: 0 };
  return { host: address.host.replace(/\.$/, ""), port: address.port };
}

function isPortless({ address }: BackendConfig): boolean {
  return address.kind === "host" && address.port === 0;
}

type Dialled = Member & {
  readonly timeoutMs: number;
  /** The code of a connect that failed; null: it did not, or `error` says what failed. */
  readonly code: string | null;
  readonly error: string | null;
  readonly tookMs: number;
};

function reportDial({ pool, backend, timeoutMs, code, error }: Dialled, found: Findings): void {
  if (error === null) return;
  const who = `${pool.name}/${backend.name}`;
  if (code !== null && isLocalError(code)) {
    return found.broken(`${who} could not be dialled: ${code}`, localErrorRemedy(code));
  }
  const { message, remedy } =
    code === null
      ? { message: `fails its health check: ${error}`, remedy: CHECK_REMEDY }
      : explain(code, timeoutMs, backend.address.kind);
  // It is meant to take no clients.
  if (backend.isDraining || backend.weight === 0) found.advise(`${who} ${message}`, remedy);
  else found.broken(`${who} ${message}`, remedy);
}

type Explained = { readonly message: string; readonly remedy: string };

function explain(error: string, timeoutMs: number, kind: Address["kind"]): Explained {
  switch (error) {
    case "ECONNREFUSED": {
      const where = kind === "unix" ? "with this socket" : "on this port";
      return { message: "refuses connections", remedy: `check that it is running, and ${where}` };
    }
    case "ENOENT":
    case "ENOTDIR":
      return {
        message: "has no socket at this path",
        remedy: "check that it is running, and with this path",
      };
    case "ETIMEDOUT":
      return {
        message: `does not answer within ${timeoutMs} ms`,
        remedy: "look for a firewall that drops packets, or a host that is down",
      };
    case "ENETUNREACH":
    case "EHOSTUNREACH":
      return { message: "cannot be reached", remedy: "there is no route to it: see `ip route`" };
    default:
      return { message: `cannot be connected to: ${error}`, remedy: "see the log of the backend" };
  }
}

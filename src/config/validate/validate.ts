// The faults that no single value shows: keys that do not go together, names that lead nowhere, values that
// are allowed and yet hardly meant.
import { formatDuration } from "../../base/units.ts";
import { withDefaults } from "../defaults.ts";
import type {
  WrittenBackend,
  WrittenCheck,
  WrittenConfig,
  WrittenHealthCheck,
} from "../read/raw-config.ts";
import type { Report } from "../report.ts";
import { listenersOf, timeoutsOf } from "../resolve.ts";
import { healthCheckOf, layHealthCheck } from "../resolve-health.ts";
import { isPresenceCheck } from "../roles.ts";
import { simpleFormKeys, tables } from "../schema/schema.ts";
import { validateAccess } from "./validate-access.ts";
import { validateAdmin } from "./validate-admin.ts";
import { validateBackends } from "./validate-backends.ts";
import { validateClientPorts } from "./validate-client-ports.ts";
import { validateDials } from "./validate-dial.ts";
import { validateDiscovery } from "./validate-discovery.ts";
import { validateHealthTypes } from "./validate-health.ts";
import { validateListenAddresses } from "./validate-listen-address.ts";
import { validateListeners } from "./validate-listeners.ts";
import { validateLog } from "./validate-log.ts";
import { validatePools } from "./validate-pools.ts";
import { validateProxyProtocol } from "./validate-proxy.ts";

/** Below it a single lost SYN, sent again after 1 s, fails a dial (RFC 6298, section 2). */
const MIN_CONNECT_MS = 1000;
const MIN_INTERVAL_MS = 500;
/** Where a check tells a role, traffic does not show that it has changed. */
const MIN_ROLE_INTERVAL_MS = 100;
/** Intervals that a check may take: a busy leader answers late, and is one all the same. */
const MAX_TIMEOUT_SHARE = 2;
/** A timeout that is never too long. */
const SOON_MS = 1000;
/** AMQP, WebSocket and others send a heartbeat every 30 s, in their usual settings. */
const MIN_IDLE_MS = 30_000;

export function validateConfig(written: WrittenConfig, report: Report): void {
  validateForm(written, report);
  const listeners = listenersOf(written);
  validateListeners(written, report);
  validateListenAddresses(written, report);
  validateProxyProtocol(written, report);
  validateAccess(written, report);
  validateBackends(written, listeners, report);
  validateClientPorts(written, report);
  validatePools(written, report);
  validateHealthChecks(written, report);
  validateTimeouts(written, report);
  validateDiscovery(written, report);
  validateDials(written, report);
  if (written.log !== undefined) validateLog(written.log, report);
  if (written.admin !== undefined) validateAdmin(written.admin, listeners, report);
}

function validateForm(written: WrittenConfig, report: Report): void {
  const isFull = report.has("listeners") || report.has("pools");
  if (!isFull) {
    if (report.has("backends")) return;
    const message = "no backends: write `backends:` with at least one `{host, port}`";
    return report.error("", { code: "missing-key", message });
  }
  // A key that was misnamed, or that holds something else, is the mistake: its form is a guess.
  const isGuess = (key: "listeners" | "pools" | "backends") =>
    report.has(key) && written[key] === undefined;
  if (isGuess("listeners") || isGuess("pools") || isGuess("backends")) return;
  for (const key of simpleFormKeys) {
    if (!report.has(key)) continue;
    const full = key === "port" || key === "bind_address" ? "listeners" : "pools";
    const message = `\`${key}\` belongs to the simple form and cannot be used with \`listeners\` and \`pools\``;
    report.error(key, { code: "mixed-forms", message, hint: `move it into \`${full}\`` });
  }
  for (const key of ["listeners", "pools"] as const) {
    if (!report.has(key)) {
      const message = `\`${key}\` is missing: the full form has \`listeners\` and \`pools\``;
      report.error("", { code: "missing-key", message });
    } else if (written[key] !== undefined && Object.keys(written[key]).length === 0) {
      report.error(key, { code: "empty-list", message: `\`${key}\` is empty` });
    }
  }
}

function validateHealthChecks(written: WrittenConfig, report: Report): void {
  const { health_check, backends = [], pools = {} } = written;
  const heirs = Object.values(pools).filter((pool) => pool?.health_check === undefined);
  const members = [...backends, ...heirs.flatMap((pool) => pool?.backends ?? [])];
  const top = { path: "health_check", own: health_check, inherited: undefined };
  validateHealthCheck({ ...top, members }, report);
  for (const [name, pool] of Object.entries(pools)) {
    const path = `pools.${name}.health_check`;
    const place = { path, own: pool?.health_check, inherited: health_check };
    validateHealthCheck({ ...place, members: pool?.backends ?? [] }, report);
  }
}

type HealthCheckPlace = {
  readonly path: string;
  readonly own: WrittenHealthCheck | undefined;
  readonly inherited: WrittenHealthCheck | undefined;
  /** Whom it checks. */
  readonly members: readonly (WrittenBackend | undefined)[];
};

// Only of what stands here: inherited keys have been validated where they stand.
function validateHealthCheck(place: HealthCheckPlace, report: Report): void {
  const { path, own, inherited, members } = place;
  const hosts = members.flatMap((backend) => backend?.host ?? []);
  const sockets = members.flatMap((backend) => backend?.unix ?? []);
  validateHealthTypes({ path, own, inherited, hosts, sockets }, report);
  const laid = layHealthCheck(inherited, own);
  const { intervalMs } = healthCheckOf(laid);
  for (const [index, check] of (Array.isArray(own) ? own : [own]).entries()) {
    const at = Array.isArray(own) ? `${path}[${index}]` : path;
    const { timeout, type } = withDefaults(tables.healthCheck, laid[index]);
    const minMs = isPresenceCheck(type) ? MIN_INTERVAL_MS : MIN_ROLE_INTERVAL_MS;
    validatePace({ at, own: check ?? {}, intervalMs, minMs, timeoutMs: timeout }, report);
  }
}

type Pace = {
  readonly at: string;
  readonly own: WrittenCheck;
  readonly intervalMs: number;
  /** Below it an interval is worth a warning. */
  readonly minMs: number;
  readonly timeoutMs: number;
};

function validatePace({ at, own, intervalMs, minMs, timeoutMs }: Pace, report: Report): void {
  const { interval, timeout, fast_interval } = own;
  if (interval !== undefined && interval < minMs) {
    const message = `an interval of ${formatDuration(interval)} is a load on the backends; failed dials are noticed at once anyway`;
    report.warn(`${at}.interval`, { code: "short-interval", message, hint: "5s is the default" });
  }
  const longestMs = Math.max(SOON_MS, MAX_TIMEOUT_SHARE * intervalMs);
  if (timeoutMs > longestMs && (timeout ?? interval) !== undefined) {
    const message = `the timeout (${formatDuration(timeoutMs)}) is much longer than the interval (${formatDuration(intervalMs)}): checks of a backend that hangs are late`;
    const key = timeout === undefined ? "interval" : "timeout";
    report.warn(`${at}.${key}`, { code: "timeout-over-interval", message });
  }
  if (fast_interval !== undefined && fast_interval > intervalMs) {
    const message = `fast_interval (${formatDuration(fast_interval)}) is longer than interval (${formatDuration(intervalMs)}): bal notices a change later, not sooner`;
    const hint = "500ms is the default";
    report.warn(`${at}.fast_interval`, { code: "slow-fast-interval", message, hint });
  }
}

function validateTimeouts(written: WrittenConfig, report: Report): void {
  const { connect, connect_total, idle } = timeoutsOf(written.timeouts);
  if (connect < MIN_CONNECT_MS) {
    const message = `with ${formatDuration(connect)}, a dial fails if its first packet is lost, because the kernel sends it again after 1s`;
    report.warn("timeouts.connect", { code: "short-timeout", message, hint: "2s is the default" });
  }
  if (connect_total < connect) {
    const message = `connect_total (${formatDuration(connect_total)}) is shorter than connect (${formatDuration(connect)}): after a timeout, bal cannot try a second backend`;
    report.warn("timeouts.connect_total", { code: "short-timeout", message });
  }
  if (idle > 0 && idle < MIN_IDLE_MS) {
    const message = `${formatDuration(idle)} ends healthy connections that are only quiet, such as those of a connection pool`;
    report.warn("timeouts.idle", { code: "short-timeout", message, hint: "1h is the default" });
  }
}

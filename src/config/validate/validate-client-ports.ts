// Backends without a port, which are passed the one that a client came to: there must be one, and checks
// need one too.

import type { HealthCheckConfig } from "../config.ts";
import type { WrittenBackend, WrittenConfig, WrittenListener } from "../read/raw-config.ts";
import type { Report } from "../report.ts";
import { healthCheckOf, layHealthCheck } from "../resolve-health.ts";
import { targetsOf } from "./validate-listeners.ts";

export function validateClientPorts(written: WrittenConfig, report: Report): void {
  const { backends, health_check, listeners = [], pools = {} } = written;
  const top = healthCheckOf(layHealthCheck(health_check));
  validatePool({ path: "", backends, check: top, socket: null }, report);
  for (const [name, pool] of Object.entries(pools)) {
    const check = healthCheckOf(layHealthCheck(health_check, pool?.health_check));
    const socket = listeners.find((one) => one !== undefined && isOnSocket(one, name))?.unix;
    const path = `pools.${name}.`;
    validatePool({ path, backends: pool?.backends, check, socket: socket ?? null }, report);
  }
}

function isOnSocket(listener: WrittenListener, pool: string): boolean {
  if (listener.unix === undefined) return false;
  return targetsOf(listener, "").some((target) => target.pool === pool);
}

type Place = {
  readonly path: string;
  readonly backends: readonly (WrittenBackend | undefined)[] | undefined;
  readonly check: HealthCheckConfig;
  /** A unix socket whose clients it takes; null: there is none. */
  readonly socket: string | null;
};

function validatePool({ path, backends = [], check, socket }: Place, report: Report): void {
  for (const [index, { host, unix } = {} as WrittenBackend] of backends.entries()) {
    const at = `${path}backends[${index}]`;
    if (host === undefined || unix !== undefined || report.has(`${at}.port`)) continue;
    if (socket !== null) {
      const message = `\`port\` is missing: clients of unix:${socket} have no port at which bal could dial ${host}`;
      report.error(at, { code: "missing-key", message });
    } else if (check.checks.some(({ port }) => port === 0)) {
      report.error(at, {
        code: "missing-key",
        message:
          "`port` is missing. Without it, bal dials the port that the client connected to, and the health check needs its own `port`",
        hint: "write port: 443; or, if that is intended, health_check: {port: 8080}",
      });
    }
  }
}

// Which keys of a health check go with its type, and what they may say.
import { parseIp } from "../../base/address.ts";
import type { HealthCheckConfig, HealthCheckType } from "../config.ts";
import { parseStatusRanges } from "../expectation.ts";
import type { WrittenHealthCheck } from "../read/raw-config.ts";
import type { Report } from "../report.ts";
import { healthCheckOf, layHealthCheck, withDefaults } from "../resolve.ts";
import { tables } from "../schema/schema.ts";

/** Those of a check's keys that do not go with every type. */
export const TYPES_OF: Readonly<
  Partial<Record<keyof WrittenHealthCheck, readonly HealthCheckType[]>>
> = {
  port: ["tcp", "tls", "http", "exchange"],
  path: ["http"],
  host: ["http"],
  expect: ["http", "exchange"],
  send: ["exchange"],
  server_name: ["tls"],
  verify: ["tls"],
  expiry_warning: ["tls"],
};

const DEFAULTS = withDefaults(tables.healthCheck, {} as WrittenHealthCheck);

type Place = {
  readonly path: string;
  readonly own: WrittenHealthCheck;
  /** The global one. */
  readonly inherited?: WrittenHealthCheck;
  /** Of the backends that it checks: hosts, and paths of unix sockets. */
  readonly hosts: readonly string[];
  readonly sockets: readonly string[];
};

/** Of what stands at `path`. */
export function validateHealthType(place: Place, report: Report): void {
  const { path, own, inherited, hosts } = place;
  const check = healthCheckOf(layHealthCheck(inherited, own));
  judgeKeys(path, own, { type: check.type, report });
  if (check.type === "http" && own.expect !== undefined && parseStatusRanges(own.expect) === null) {
    const message = "expected HTTP statuses such as 200, 200-299 or 200-299, 401";
    report.error(`${path}.expect`, { code: "bad-status", message });
  }
  if (own.type === "exchange" && check.send === "" && check.expect === "") {
    report.error(path, {
      code: "empty-exchange",
      message: "an exchange needs `send`, `expect` or both",
      hint: "to be connected is enough for type: tcp",
    });
  }
  judgeSocket(place, check, report);
  const ip = hosts.find((host) => parseIp(host) !== null);
  if (check.type === "tls" && own.verify === true && check.serverName === "" && ip !== undefined) {
    report.warn(`${path}.verify`, {
      code: "verify-ip",
      message: `without \`server_name\` the certificate must be valid for the IP ${ip} itself`,
      hint: "write server_name: the name in the certificate",
    });
  }
}

// A unix socket has neither ports nor a name.
function judgeSocket(
  { path, own, sockets: [socket] }: Place,
  { type, serverName }: HealthCheckConfig,
  report: Report,
): void {
  if (socket === undefined) return;
  if (own.port !== undefined) {
    const message = `\`port\` is not used for unix:${socket}: it is checked where it is`;
    report.warn(`${path}.port`, { code: "unused-key", message });
  }
  if (type !== "tls" || own.verify !== true || serverName !== "") return;
  report.error(`${path}.verify`, {
    code: "verify-unix",
    message: `without \`server_name\` there is no name that the certificate of unix:${socket} could be valid for`,
    hint: "write server_name: the name in the certificate",
  });
}

// An error: a check that is not the one meant may pass for ever.
function judgeKeys(path: string, own: WrittenHealthCheck, { type, report }: Judged): void {
  for (const key of Object.keys(own) as (keyof WrittenHealthCheck)[]) {
    const types = TYPES_OF[key];
    if (types === undefined || types.includes(type)) continue;
    if (own[key] === undefined || own[key] === DEFAULTS[key]) continue;
    report.error(`${path}.${key}`, {
      code: "wrong-check-type",
      message: `\`${key}\` belongs to a check of type ${types.join(" or ")}; this one is of type ${type}`,
      hint: `write type: ${types.join(" or ")}, or leave it out`,
    });
  }
}

type Judged = { readonly type: HealthCheckType; readonly report: Report };

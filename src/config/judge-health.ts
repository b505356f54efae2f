// Which keys of a health check go with its type, and what they may say.
import type { HealthCheckType } from "./config.ts";
import { parseStatusRanges } from "./expectation.ts";
import type { Report } from "./report.ts";
import { healthCheckOf, withDefaults } from "./resolve.ts";
import { tables } from "./schema.ts";
import type { WrittenHealthCheck } from "./written.ts";

const TYPES_OF: Readonly<Partial<Record<keyof WrittenHealthCheck, readonly HealthCheckType[]>>> = {
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

/** Of what stands at `path`; `inherited` is the global one. */
export function judgeHealthType(
  path: string,
  own: WrittenHealthCheck,
  { inherited = {}, report }: { readonly inherited?: WrittenHealthCheck; readonly report: Report },
): void {
  const { type, send, expect } = healthCheckOf({ ...inherited, ...own });
  for (const key of Object.keys(own) as (keyof WrittenHealthCheck)[]) {
    const types = TYPES_OF[key];
    if (types === undefined || types.includes(type)) continue;
    if (own[key] === undefined || own[key] === DEFAULTS[key]) continue;
    report.warn(`${path}.${key}`, {
      code: "unused-key",
      message: `\`${key}\` means nothing to a check of type ${type}`,
      hint: `it belongs to type ${types.join(" or ")}`,
    });
  }
  if (type === "http" && own.expect !== undefined && parseStatusRanges(own.expect) === null) {
    const message = "expected HTTP statuses such as 200, 200-299 or 200-299, 401";
    report.error(`${path}.expect`, { code: "bad-status", message });
  }
  if (own.type === "exchange" && send === "" && expect === "") {
    report.warn(path, {
      code: "empty-exchange",
      message: "without `send` and `expect` it only connects",
      hint: "write type: tcp",
    });
  }
}

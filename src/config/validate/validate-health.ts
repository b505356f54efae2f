// Which keys of a health check go with its type and with each other, and what they may say.
import { parseIp } from "../../base/address.ts";
import type { CheckConfig, HealthCheckType } from "../config.ts";
import { withDefaults } from "../defaults.ts";
import { parseStatusRanges } from "../expectation.ts";
import type { WrittenCheck, WrittenHealthCheck, WrittenStep } from "../read/raw-config.ts";
import type { Report } from "../report.ts";
import { healthCheckOf, layHealthCheck, PACE } from "../resolve-health.ts";
import { tables } from "../schema/schema.ts";

/** Those of a check's keys that do not go with every type. */
export const TYPES_OF: Readonly<Partial<Record<keyof WrittenCheck, readonly HealthCheckType[]>>> = {
  port: ["tcp", "tls", "http", "https", "exchange"],
  path: ["http", "https"],
  method: ["http", "https"],
  host: ["http", "https"],
  headers: ["http", "https"],
  expect: ["http", "https", "exchange"],
  contains: ["http", "https", "exchange"],
  send: ["exchange"],
  steps: ["exchange"],
  server_name: ["tls", "https"],
  verify: ["tls", "https"],
  ca: ["tls", "https"],
  cert: ["tls", "https"],
  key: ["tls", "https"],
  alpn: ["tls", "https"],
  expiry_warning: ["tls", "https"],
};

const DEFAULTS = withDefaults(tables.healthCheck, {} as WrittenCheck);

type Place = {
  readonly path: string;
  readonly own: WrittenHealthCheck | undefined;
  /** The global one. */
  readonly inherited: WrittenHealthCheck | undefined;
  /** The hosts, and paths of unix sockets, of the backends that it checks. */
  readonly hosts: readonly string[];
  readonly sockets: readonly string[];
};

/** Validates the types at `path`: one check, or a list of them. */
export function validateHealthTypes(place: Place, report: Report): void {
  const { path, own, inherited } = place;
  if (own === undefined) return;
  if (!Array.isArray(own)) return validateCheck({ ...place, own: own as WrittenCheck }, report);
  if (own.length === 0) {
    const message = "the list is empty: write at least one check";
    const hint = 'write {type: "off"} for no check';
    return report.error(path, { code: "empty-list", message, hint });
  }
  for (const [index, check] of own.entries()) {
    if (check !== undefined)
      validateCheck({ ...place, path: `${path}[${index}]`, own: check }, report);
  }
  validatePace(path, own, report);
  const types = layHealthCheck(inherited, own).map(({ type }) => type);
  if (own.length > 1 && types.includes("off")) {
    const message = "`off` is not allowed in a list of checks; leave it out";
    report.error(`${path}[${types.indexOf("off")}]`, { code: "mixed-forms", message });
  }
}

// They are made together.
function validatePace(
  path: string,
  checks: readonly (WrittenCheck | undefined)[],
  report: Report,
): void {
  for (const key of PACE) {
    const first = checks.findIndex((check) => check?.[key] !== undefined);
    for (const [index, check] of checks.entries()) {
      if (check?.[key] === undefined || check[key] === checks[first]?.[key]) continue;
      const message = `\`${key}\` differs from ${path}[${first}]: all checks of a list run together`;
      report.error(`${path}[${index}].${key}`, { code: "mixed-forms", message });
    }
  }
}

type CheckPlace = Omit<Place, "own"> & { readonly own: WrittenCheck };

function validateCheck(place: CheckPlace, report: Report): void {
  const { path, own, inherited } = place;
  const [laid = {}] = layHealthCheck(inherited, own);
  const [check = null] = healthCheckOf([laid]).checks;
  validateKeys(path, own, { type: check?.type ?? "off", report });
  validateSocket(place, check, report);
  switch (check?.type) {
    case "http":
    case "https":
      validateHttp(place, laid, report);
      break;
    case "exchange":
      validateExchange(place, laid, report);
      break;
    default:
  }
  if (check?.type === "tls" || check?.type === "https") validateTls(place, check, report);
}

function validateHttp({ path, own }: CheckPlace, laid: WrittenCheck, report: Report): void {
  if (own.expect !== undefined && parseStatusRanges(own.expect) === null) {
    const message = "expected HTTP statuses such as 200, 200-299 or 200-299, 401";
    report.error(`${path}.expect`, { code: "bad-status", message });
  }
  if (laid.method !== "HEAD" || laid.contains === undefined) return;
  const key = own.contains === undefined ? "method" : "contains";
  const message = "`contains` needs a body, and the answer to HEAD has none";
  report.error(`${path}.${key}`, { code: "mixed-forms", message, hint: "write method: GET" });
}

function validateExchange({ path, own }: CheckPlace, laid: WrittenCheck, report: Report): void {
  if (laid.steps === undefined) {
    if (own.type === undefined || !isEmpty(laid)) return;
    return report.error(path, {
      code: "empty-exchange",
      message: "an exchange needs `send`, `expect`, `contains` or `steps`",
      hint: "write type: tcp if a connection is enough",
    });
  }
  const beside = (["send", "expect", "contains"] as const).find((key) => own[key] !== undefined);
  if (own.steps !== undefined && beside !== undefined) {
    const message = `\`${beside}\` and \`steps\` cannot be used together: write it as one of the steps`;
    report.error(`${path}.${beside}`, { code: "mixed-forms", message });
  }
  if (own.steps?.length === 0) {
    report.error(`${path}.steps`, { code: "empty-list", message: "`steps` is empty" });
  }
  for (const [index, step] of (own.steps ?? []).entries()) {
    if (step === undefined || !isEmpty(step)) continue;
    const message = "a step needs `send`, `expect` or `contains`";
    report.error(`${path}.steps[${index}]`, { code: "empty-exchange", message });
  }
}

function isEmpty({ send, expect, contains }: WrittenStep): boolean {
  return send === undefined && expect === undefined && contains === undefined;
}

type TlsCheck = Extract<CheckConfig, { type: "tls" | "https" }>;

function validateTls({ path, own, hosts }: CheckPlace, check: TlsCheck, report: Report): void {
  const { isVerified, serverName, ca, cert, key } = check;
  const ip = hosts.find((host) => parseIp(host) !== null);
  if (isVerified && own.verify === true && serverName === "" && ip !== undefined) {
    report.warn(`${path}.verify`, {
      code: "verify-ip",
      message: `without \`server_name\` the certificate must be valid for the IP ${ip} itself`,
      hint: "write server_name: the name in the certificate",
    });
  }
  if (own.ca !== undefined && ca !== null && !isVerified) {
    const message = "`ca` is not used: without `verify: true`, every certificate passes";
    report.warn(`${path}.ca`, { code: "unused-key", message });
  }
  const [present, missing] = cert === null ? ["key", "cert"] : ["cert", "key"];
  if ((cert === null) !== (key === null) && Object.hasOwn(own, present)) {
    const message = `\`${missing}\` is missing: a certificate needs its key, and a key its certificate`;
    report.error(path, { code: "missing-key", message });
  }
  if (check.type !== "https" || own.alpn === undefined || check.alpn.includes("http/1.1")) return;
  report.warn(`${path}.alpn`, {
    code: "alpn",
    message: "the check speaks HTTP/1.1: a server that chooses one of these protocols fails it",
    hint: "write alpn: [http/1.1], or leave it out",
  });
}

// A unix socket has neither ports nor a name.
function validateSocket(
  { path, own, sockets: [socket] }: CheckPlace,
  check: CheckConfig | null,
  report: Report,
): void {
  if (socket === undefined) return;
  if (own.port !== undefined) {
    const message = `\`port\` is not used for unix:${socket}: the check connects to the socket itself`;
    report.warn(`${path}.port`, { code: "unused-key", message });
  }
  if (check?.type !== "tls" && check?.type !== "https") return;
  if (own.verify !== true || check.serverName !== "") return;
  report.error(`${path}.verify`, {
    code: "verify-unix",
    message: `without \`server_name\` there is no name that the certificate of unix:${socket} could be valid for`,
    hint: "write server_name: the name in the certificate",
  });
}

// An error: a check that is not the one meant may pass for ever.
function validateKeys(path: string, own: WrittenCheck, { type, report }: Judged): void {
  for (const key of Object.keys(own) as (keyof WrittenCheck)[]) {
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

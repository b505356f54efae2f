// Health checks as written → as they are made: a pool's own over the global ones, defaults filled in.
import type {
  CheckConfig,
  ExchangeStep,
  HealthCheckConfig,
  HttpCheck,
  TlsCheck,
} from "./config.ts";
import { withDefaults } from "./defaults.ts";
import type { WrittenCheck, WrittenHealthCheck, WrittenStep } from "./read/raw-config.ts";
import { tables } from "./schema/schema.ts";

/** The keys that all checks of a list have in common. */
export const PACE = ["interval", "fast_interval", "rise", "fall"] as const;
/** The keys of a check that mean the same whatever its type. */
const OF_ANY_TYPE = new Set<string>([...PACE, "timeout"]);

type Pace = Pick<WrittenCheck, (typeof PACE)[number]>;

/** As a list; empty: none was written. */
function checksOf(written: WrittenHealthCheck | undefined): readonly WrittenCheck[] {
  if (written === undefined) return [];
  const list: readonly (WrittenCheck | undefined)[] = isList(written) ? written : [written];
  return list.filter((check) => check !== undefined);
}

/** A pool's own checks, each over the global one; where that is a list, only its pace and timeout stay. */
export function layHealthCheck(
  inherited?: WrittenHealthCheck,
  own?: WrittenHealthCheck,
): readonly WrittenCheck[] {
  const before = checksOf(inherited);
  if (own === undefined) return before.length === 0 ? [{}] : before;
  const [first = {}, ...others] = before;
  const base = others.length === 0 ? first : ofAnyType(first);
  const pace = { ...paceOf(before), ...paceOf(checksOf(own)) };
  return checksOf(own).map((check) => ({ ...layCheck(base, check), ...pace }));
}

/** Key by key; over one of another type only what means the same stays: `expect` of an exchange means
 *  nothing to HTTP. */
function layCheck(inherited: WrittenCheck, own: WrittenCheck): WrittenCheck {
  const { type } = withDefaults(tables.healthCheck, inherited);
  if (own.type === undefined || own.type === type) return { ...inherited, ...own };
  return { ...ofAnyType(inherited), ...own };
}

function ofAnyType(check: WrittenCheck): WrittenCheck {
  return Object.fromEntries(Object.entries(check).filter(([key]) => OF_ANY_TYPE.has(key)));
}

function paceOf(checks: readonly WrittenCheck[]): Pace {
  const written = checks.flatMap((check) =>
    PACE.flatMap((key) => (check[key] === undefined ? [] : [[key, check[key]]])),
  );
  return Object.fromEntries(written);
}

export function healthCheckOf(written: readonly WrittenCheck[]): HealthCheckConfig {
  const pace = withDefaults(tables.healthCheck, paceOf(written) as WrittenCheck);
  return {
    checks: written.flatMap((check) => checkOf(check) ?? []),
    intervalMs: pace.interval,
    fastIntervalMs: pace.fast_interval,
    rise: pace.rise,
    fall: pace.fall,
  };
}

// Null: none is made.
function checkOf(written: WrittenCheck): CheckConfig | null {
  const { type, timeout } = withDefaults(tables.healthCheck, written);
  const place = { port: written.port ?? 0, timeoutMs: timeout };
  switch (type) {
    case "off":
      return null;
    case "tcp":
      return { type, ...place };
    case "tls":
      return { type, ...place, ...tlsOf(written) };
    case "http":
      return { type, ...place, ...httpOf(written) };
    case "https":
      return { type, ...place, ...httpOf(written), ...tlsOf(written) };
    case "exchange":
      return { type, ...place, steps: (written.steps ?? [written]).flatMap(stepOf) };
    default:
      return type satisfies never;
  }
}

function httpOf(written: WrittenCheck): HttpCheck {
  const { path, method } = withDefaults(tables.healthCheck, written);
  const { host = "", expect = "", contains = "", headers = {} } = written;
  const present = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return { method, path, host, headers: Object.fromEntries(present), expect, contains };
}

function tlsOf(written: WrittenCheck): TlsCheck {
  const { verify, expiry_warning } = withDefaults(tables.healthCheck, written);
  const { server_name = "", ca = null, cert = null, key = null, alpn = [] } = written;
  return {
    serverName: server_name,
    isVerified: verify,
    ca,
    cert,
    key,
    alpn: alpn.filter((protocol) => protocol !== undefined),
    expiryWarningMs: expiry_warning,
  };
}

function stepOf(written: WrittenStep | undefined): readonly ExchangeStep[] {
  if (written === undefined) return [];
  const { send = "", expect = "", contains = "" } = written;
  return [{ send, expect, contains }];
}

function isList(
  written: WrittenHealthCheck,
): written is Extract<WrittenHealthCheck, readonly unknown[]> {
  return Array.isArray(written);
}

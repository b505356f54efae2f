// Resolved health checks → as they would be written, without the secrets that they send.
import { formatDuration } from "../base/units.ts";
import type {
  CheckConfig,
  ExchangeStep,
  HealthCheckConfig,
  HttpCheck,
  TlsCheck,
} from "./config.ts";

/** Instead of a secret. */
export const HIDDEN = "(hidden)";

/** Headers that carry one. */
const SECRET = /authorization|cookie|token|secret|key|password/i;

/** Words of a protocol after which one comes: AUTH, PASS, LOGIN, a header, a field of JSON. */
const AUTHENTICATES = /auth|pass|login|token|secret|cookie|bearer|credential|api.?key/i;

/** In the query of a path: `?token=…` */
const SECRET_FIELD = /([?&][^=&]*(?:auth|pass|token|secret|key)[^=&]*=)[^&]*/gi;

type Written = { readonly [key: string]: unknown };

/** A map, or a list of which the first has what all have in common. */
export function healthCheck(config: HealthCheckConfig): Written | readonly Written[] {
  const pace = {
    interval: formatDuration(config.intervalMs),
    fast_interval: formatDuration(config.fastIntervalMs),
    rise: config.rise,
    fall: config.fall,
  };
  const [first, ...others] = config.checks;
  if (first === undefined) return { type: "off", ...pace };
  const head = { ...check(first), ...pace };
  return others.length === 0 ? head : [head, ...others.map(check)];
}

function check(one: CheckConfig): Written {
  return {
    type: one.type,
    ...(one.port > 0 && { port: one.port }),
    ...questions(one),
    timeout: formatDuration(one.timeoutMs),
  };
}

function questions(one: CheckConfig): Written {
  switch (one.type) {
    case "tcp":
      return {};
    case "tls":
      return tls(one);
    case "http":
      return http(one);
    case "https":
      return { ...http(one), ...tls(one) };
    case "exchange": {
      const steps = shownSteps(one.steps).map((step) => present(step));
      return steps.length === 1 ? { ...steps[0] } : { steps };
    }
    default:
      return one satisfies never;
  }
}

/** Was something hidden where this was read from? */
export function hasHidden(one: CheckConfig): boolean {
  return JSON.stringify(one).includes(HIDDEN);
}

/** A step that authenticates may go on in the next ones, and bytes are read by nobody. */
function shownSteps(steps: readonly ExchangeStep[]): readonly ExchangeStep[] {
  const first = steps.findIndex(({ send }) => AUTHENTICATES.test(send));
  return steps.map((step, nth) => {
    const isSecret = (first >= 0 && nth >= first) || !isText(step.send);
    return step.send !== "" && isSecret ? { ...step, send: HIDDEN } : step;
  });
}

function isText(text: string): boolean {
  return !text.startsWith("hex:") && !/[^\P{Cc}\r\n\t]/u.test(text);
}

function http({ method, path, host, headers, expect, contains }: HttpCheck): Written {
  const shown = Object.entries(headers).map(([name, value]) => [
    name,
    SECRET.test(name) ? HIDDEN : value,
  ]);
  return {
    method,
    path: path.replace(SECRET_FIELD, `$1${HIDDEN}`),
    ...present({ host, expect, contains }),
    ...(shown.length > 0 && { headers: Object.fromEntries(shown) }),
  };
}

function tls(one: TlsCheck): Written {
  const { ca, cert, key, alpn } = one;
  return {
    ...present({ server_name: one.serverName }),
    verify: one.isVerified,
    ...(ca !== null && { ca }),
    ...(cert !== null && { cert }),
    ...(key !== null && { key }),
    ...(alpn.length > 0 && { alpn }),
    expiry_warning: formatDuration(one.expiryWarningMs),
  };
}

/** Without what is empty. */
function present(texts: Written): Written {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ""));
}

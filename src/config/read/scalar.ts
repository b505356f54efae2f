// A single value of the file → a number, word or address in its field's range, or what is wrong with it.
// Durations come as milliseconds, sizes as bytes.
import { domainToASCII } from "node:url";
import { isHostname, isSocketPath, parseCidr, parseHostPort, parseIp } from "../../base/address.ts";
import {
  formatDuration,
  formatSize,
  parseDuration,
  parseRate,
  parseSize,
} from "../../base/units.ts";
import { parseBytes } from "../expectation.ts";
import { describeField, type Field } from "../schema/field.ts";
import { suggest } from "../suggest.ts";
import { valueFor } from "../value-words.ts";
import { readMode, readPorts } from "./read-listen.ts";
import { badAddress, outOfRange, type Read, show, wrongType } from "./wrong-value.ts";

/** May it name a listener, a pool or a backend? */
export function isName(text: string): boolean {
  return /^[A-Za-z0-9_.:[\]/-]{1,128}$/.test(text);
}

/** May it name a header of HTTP? A token (RFC 9110, section 5.6.2). */
export function isHeaderName(text: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/.test(text);
}

/** By the field of a single value; what is wrong with it comes without a place. */
export function readValue(value: unknown, field: Field): Read {
  switch (field.kind) {
    case "integer":
      return readInteger(value, field);
    case "boolean":
      return typeof value === "boolean" ? { value } : wrongType(value, field);
    case "choice":
      return readChoice(value, field);
    case "duration":
      return readDuration(value, field);
    case "size":
      return readSize(value, field);
    case "auto":
      return value === "auto" ? { value } : withAuto(readValue(value, field.or), field, value);
    case "ip":
      return readIp(value, field);
    case "cidr":
      return readCidr(value, field);
    case "percent":
      return readPercent(value, field);
    case "rate":
      return readRate(value, field);
    case "host":
      return readHost(value, field);
    case "hostname":
      return readHostname(value, field);
    case "ports":
      return readPorts(value, field);
    case "mode":
      return readMode(value, field);
    case "name":
      return readName(value, field);
    case "address":
      return readAddress(value, field);
    case "server-name":
      return readServerName(value, field);
    case "protocol":
      return typeof value === "string" && /^[!-~]{1,255}$/.test(value)
        ? { value }
        : wrongType(value, field);
    case "secret":
      return readSecret(value, field);
    case "bytes":
      return readBytes(value, field);
    case "header":
      return readHeader(value, field);
    case "url-path":
      return readUrlPath(value, field);
    case "socket-path":
      return readSocketPath(value, field);
    case "path":
      return typeof value === "string" && value !== "" ? { value } : wrongType(value, field);
    case "nullable":
      return value === null ? { value } : readValue(value, field.of);
    default:
      return wrongType(value, field);
  }
}

function readInteger(value: unknown, field: Extract<Field, { kind: "integer" }>): Read {
  if (typeof value === "string" && /^\d+$/.test(value)) {
    return { ...wrongType(value, field), hint: `write it without quotes: ${value}` };
  }
  if (typeof value !== "number") return wrongType(value, field);
  if (!Number.isInteger(value)) return { ...outOfRange(value, field), hint: "a whole number" };
  if (Number.isInteger(value) && value >= field.min && value <= field.max) return { value };
  return outOfRange(value, field);
}

function readChoice(value: unknown, field: Extract<Field, { kind: "choice" }>): Read {
  if (typeof value === "string" && field.values.includes(value)) return { value };
  // An unquoted `off` is a boolean to YAML 1.1 only; to us it is the word.
  if (value === false && field.values.includes("off")) return { value: "off" };
  const near = valueFor(value, field.values) ?? suggest(String(value), field.values);
  const message = `${show(value)} is not allowed; expected ${describeField(field)}`;
  return { code: "not-allowed", message, hint: near === null ? null : `did you mean \`${near}\`?` };
}

function readDuration(value: unknown, field: Extract<Field, { kind: "duration" }>): Read {
  const ms = value === 0 ? 0 : typeof value === "string" ? parseDuration(value) : null;
  if (ms === null) {
    const hint = typeof value === "number" ? `add the unit: ${value}s or ${value}ms` : null;
    return { ...wrongType(value, field), hint };
  }
  if (ms === 0 && field.canBeOff) return { value: 0 };
  if (ms >= field.min && ms <= field.max) return { value: ms };
  const range = `${formatDuration(field.min)} to ${formatDuration(field.max)}`;
  return { code: "out-of-range", message: `${show(value)} is out of range; expected ${range}` };
}

function readSize(value: unknown, field: Extract<Field, { kind: "size" }>): Read {
  const bytes = typeof value === "number" ? value : parseSize(String(value));
  if (bytes === null || !Number.isInteger(bytes)) return wrongType(value, field);
  if (bytes >= field.min && bytes <= field.max) return { value: bytes };
  const range = `${formatSize(field.min)} to ${formatSize(field.max)}`;
  return { code: "out-of-range", message: `${show(value)} is out of range; expected ${range}` };
}

function readIp(value: unknown, field: Field): Read {
  const ip = typeof value === "string" ? parseIp(value) : null;
  if (ip !== null) return { value: ip.ip };
  const hint = value === "localhost" ? "write 127.0.0.1 or ::1 for this host only" : null;
  return badAddress(value, field, hint);
}

function readCidr(value: unknown, field: Field): Read {
  const cidr = typeof value === "string" ? parseCidr(value) : null;
  return cidr === null ? badAddress(value, field) : { value: cidr };
}

function readPercent(value: unknown, field: Extract<Field, { kind: "percent" }>): Read {
  if (value === "off" || value === false) return { value: 0 };
  const [, digits] = /^(\d{1,9})%$/.exec(String(value)) ?? [];
  if (digits === undefined) {
    const hint = typeof value === "number" ? `add the percent sign: ${value}%` : null;
    return { ...wrongType(value, field), hint };
  }
  const percent = Number(digits);
  return percent >= field.min && percent <= field.max
    ? { value: percent }
    : outOfRange(value, field);
}

/** The time that a rate counts over. */
const MIN_WINDOW_MS = 1000;
const MAX_WINDOW_MS = 3_600_000;

function readRate(value: unknown, field: Extract<Field, { kind: "rate" }>): Read {
  if (value === 0) return { value };
  const rate = typeof value === "string" ? parseRate(value) : null;
  if (rate === null) {
    const hint = typeof value === "number" ? `add the unit: ${value}/s` : null;
    return { ...wrongType(value, field), hint };
  }
  const { count, windowMs } = rate;
  const isWindow = windowMs >= MIN_WINDOW_MS && windowMs <= MAX_WINDOW_MS;
  return isWindow && (count * 1000) / windowMs <= field.max
    ? { value: rate }
    : outOfRange(value, field);
}

function readHost(value: unknown, field: Field): Read {
  if (typeof value !== "string") return badAddress(value, field);
  const ip = parseIp(value);
  if (ip !== null) return { value: ip.ip };
  if (isHostname(value)) return { value: value.toLowerCase() };
  return badAddress(value, field, hostHint(value));
}

function readBytes(value: unknown, field: Extract<Field, { kind: "bytes" }>): Read {
  // 200 is a number to YAML, and means its digits.
  if (typeof value !== "string" && typeof value !== "number") return wrongType(value, field);
  const text = String(value);
  if (text === "" || text.length > field.max) return outOfRange(value, field);
  if (parseBytes(text) !== null) return { value: text };
  return { ...wrongType(value, field), hint: "write pairs of hexadecimal digits after `hex:`" };
}

function readHeader(value: unknown, field: Field): Read {
  // `X-Check: 1` is a number to YAML, and means its digits.
  if (typeof value !== "string" && typeof value !== "number") return wrongType(value, field);
  const text = String(value);
  const isValue = /^[!-~](?:[ -~]*[!-~])?$/.test(text) && text.length <= 4096;
  // It may be a secret: the fault is reported without the value.
  const message = `expected ${describeField(field)}`;
  return isValue ? { value: text } : { code: "out-of-range", message };
}

function readUrlPath(value: unknown, field: Extract<Field, { kind: "url-path" }>): Read {
  if (typeof value !== "string") return wrongType(value, field);
  const isPath = /^\/[!-~]*$/.test(value) && value.length <= field.max;
  return isPath ? { value } : outOfRange(value, field);
}

function readHostname(value: unknown, field: Field): Read {
  if (typeof value !== "string") return badAddress(value, field);
  if (parseIp(value) !== null)
    return badAddress(value, field, "an address needs no DNS: write it in `backends`");
  if (isHostname(value)) return { value: value.toLowerCase() };
  return badAddress(value, field, hostHint(value));
}

function readServerName(value: unknown, field: Field): Read {
  if (typeof value !== "string") return badAddress(value, field);
  const name = value.toLowerCase().replace(/\.$/, "");
  if (name === "*")
    return badAddress(value, field, "write {default: true, …} for all other clients");
  if (parseIp(name) !== null)
    return badAddress(value, field, "clients do not send addresses as server names");
  if (isHostname(name.replace(/^\*\./, ""))) return { value: name };
  if (/[*^$|\\]/.test(name)) {
    const hint = "a name, or `*.` and the end of names: bal has no other patterns";
    return badAddress(value, field, hint);
  }
  const ascii = domainToASCII(name);
  const hint =
    ascii !== name && isHostname(ascii) ? `write it as clients send it: ${ascii}` : hostHint(value);
  return badAddress(value, field, /^[^/]+:\d+$/.test(name) ? null : hint);
}

function readAddress(value: unknown, field: Extract<Field, { kind: "address" }>): Read {
  const address = typeof value === "string" ? parseAddress(value, field.usualPort) : null;
  if (address !== null) return { value: address };
  if (field.usualPort !== undefined) return badAddress(value, field);
  const [, port] = /^(?:localhost|\*)?:?(\d{1,5})$/.exec(String(value)) ?? [];
  const hint = port === undefined ? null : `write 127.0.0.1:${port} for this host only`;
  return badAddress(value, field, hint);
}

function parseAddress(text: string, usualPort: number | undefined) {
  const ip = usualPort === undefined ? null : parseIp(text);
  return ip === null || usualPort === undefined
    ? parseHostPort(text)
    : { ip: ip.ip, port: usualPort };
}

function readSocketPath(value: unknown, field: Field): Read {
  if (typeof value !== "string" || value === "") return wrongType(value, field);
  if (isSocketPath(value)) return { value };
  const [, rest = ""] = /^(?:unix:)?(?:\/\/)?(.*)$/.exec(value) ?? [];
  const hint =
    rest !== value && isSocketPath(rest)
      ? `write only the path: ${rest}`
      : /^[\w.]/.test(value)
        ? `write an absolute path, such as /run/${value.replace(/^\.{1,2}\//, "")}`
        : null;
  return badAddress(value, field, hint);
}

/** May it be a secret that is sent in a header? */
export function isSecret(text: string): boolean {
  return /^[!-~]{1,512}$/.test(text);
}

// The fault is reported without the value.
function readSecret(value: unknown, field: Field): Read {
  if (typeof value === "string" && isSecret(value)) return { value };
  const message = `expected ${describeField(field)}`;
  const hint =
    typeof value === "number" ? "write it in quotes, because YAML reads it as a number" : null;
  return { code: "wrong-type", message, hint };
}

function hostHint(text: string): string | null {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\/([^/:]+)/i.exec(text);
  if (scheme !== null) return `write only the host, without scheme and path: ${scheme[1]}`;
  const pair = /^\[?([^\]\s]+?)\]?:(\d+)$/.exec(text);
  if (pair !== null && (isHostname(pair[1] ?? "") || parseIp(pair[1] ?? "") !== null)) {
    return `split it: host: ${pair[1]}, port: ${pair[2]}`;
  }
  if (/^\[.*\]$/.test(text)) return `write it without brackets: "${text.slice(1, -1)}"`;
  if (/^[\d.]+$/.test(text)) return "an IPv4 address has four numbers from 0 to 255";
  return null;
}

function readName(value: unknown, field: Field): Read {
  // A name of digits only is a number to YAML, and means the same.
  if (typeof value !== "string" && typeof value !== "number") return wrongType(value, field);
  const name = String(value);
  if (isName(name)) return { value: name };
  return { code: "bad-name", message: `${show(value)} is not ${describeField(field)}` };
}

function withAuto(read: Read, field: Field, value: unknown): Read {
  if ("value" in read) return read;
  if (value === 0 && field.kind === "auto" && field.or.kind === "integer")
    return { ...outOfRange(value, field), hint: "write `auto`" };
  if (read.code !== "wrong-type") return read;
  return { ...wrongType(value, field), hint: read.hint ?? null };
}

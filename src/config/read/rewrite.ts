// Rewrites a value in the form that its field takes: hints propose to write it so. Everything that comes
// back is accepted by that field.
import { formatDuration, formatSize, parseDuration, parseSize } from "../../base/units.ts";
import type { Field, Keys } from "../schema/field.ts";
import { suggest } from "../suggest.ts";
import { valueFor } from "../value-words.ts";
import { readValue } from "./scalar.ts";
import { backendFrom, isEndpoint, splitAddress } from "./split-address.ts";

/** As YAML in one line; null: nobody knows. */
export function rewrite(value: unknown, field: Field): string | null {
  if (isSingle(field) && accepts(field, value)) return show(value);
  const text = rewritten(value, field);
  return text === null || !isSingle(field) || accepts(field, parsed(text)) ? text : null;
}

export function accepts(field: Field, value: unknown): boolean {
  return "value" in readValue(value, field);
}

function rewritten(value: unknown, field: Field): string | null {
  switch (field.kind) {
    case "choice": {
      const word = valueFor(value, field.values) ?? suggest(String(value), field.values);
      return word === "off" ? '"off"' : word;
    }
    case "boolean":
      return asBoolean(value);
    case "integer":
      return asInteger(withoutComment(String(value)), field.min);
    case "ports":
      return asPort(withoutComment(String(value)));
    case "duration":
      return asDuration(value, field.canBeOff);
    case "size":
      return asSize(String(value));
    case "rate":
      return asRate(String(value));
    case "cidr":
      return asCidr(String(value));
    case "ip":
      return isEverything(String(value)) ? "0.0.0.0" : String(value).replace(/\/\d+$/, "");
    case "server-name":
      return asServerName(String(value));
    case "url-path":
      return asPath(String(value));
    case "address":
      return /^\d{1,5}$/.test(String(value)) ? `127.0.0.1:${value}` : null;
    case "auto":
      return rewrite(value, field.or);
    case "nullable":
      return rewrite(value, field.of);
    case "either":
      // One of several is reported as one.
      return field.word.kind === "list" ? rewrite(value, field.map) : rewrite(value, field.word);
    case "list":
      return asList(value, field.of);
    case "map":
      return asMap(value, field.keys);
    default:
      return null;
  }
}

function isSingle({ kind }: Field): boolean {
  return kind !== "list" && kind !== "map" && kind !== "named" && kind !== "either";
}

// A word that has to be quoted comes back in quotes.
function show(value: unknown): string {
  const text = String(value);
  return typeof value === "string" && /^[*&!%@`#]|^$|: |^:|:$|[[\]{},]/.test(text)
    ? `"${text}"`
    : text;
}

function parsed(text: string): unknown {
  if (/^-?\d+$/.test(text)) return Number(text);
  if (text === "true" || text === "false") return text === "true";
  return text.replace(/^"(.*)"$/, "$1");
}

function asBoolean(value: unknown): string | null {
  const word = String(value).toLowerCase();
  if (["yes", "on", "true", "y", "1", "enabled", "enable"].includes(word)) return "true";
  return ["no", "off", "false", "n", "0", "disabled", "disable"].includes(word) ? "false" : null;
}

// `443 // https`
function withoutComment(text: string): string {
  return text.replace(/\s+\/\/.*$/, "");
}

// `10k`, `1_000`, `70%`, `unlimited`.
function asInteger(text: string, min: number): string | null {
  if (min === 0 && /^(?:unlimited|none|infinite|off)$/i.test(text)) return "0";
  const [, digits, unit = ""] = /^\s*([\d_,]+)\s*([km%]?)\s*$/i.exec(text) ?? [];
  const zeros = { k: "000", m: "000000" }[unit.toLowerCase()] ?? "";
  return digits === undefined ? null : digits.replaceAll(/[_,]/g, "") + zeros;
}

// `.example.com`, ``HostSNI(`a.example`)``, `a.example:443`
function asServerName(text: string): string | null {
  const [, name] = /^HostSNI\(`([^`*]+)`\)$/.exec(text) ?? /^([^:/]+):\d+$/.exec(text) ?? [];
  if (name !== undefined) return name;
  return text.startsWith(".") ? `"*${text}"` : null;
}

// `health`, `http://10.0.0.1:8080/health`
function asPath(text: string): string | null {
  const [, path = "/"] = /^[a-z]+:\/\/[^/]*(\/.*)?$/.exec(text) ?? [null, `/${text}`];
  return path;
}

const PORTS: Readonly<Record<string, string>> = {
  ...{ http: "80", https: "443", ssh: "22", smtp: "25", smtps: "465", imap: "143", imaps: "993" },
  ...{ dns: "53", ldap: "389", ldaps: "636", mqtt: "1883", mqtts: "8883", amqp: "5672" },
  ...{ mysql: "3306", postgres: "5432", postgresql: "5432", redis: "6379" },
};

function asPort(text: string): string | null {
  const known = PORTS[text.trim().toLowerCase()];
  if (known !== undefined) return known;
  return /^(?:.*:)?(\d{1,5})(?:\/tcp|;)?$/i.exec(text.trim())?.[1] ?? null;
}

const UNITS: Readonly<Record<string, string>> = {
  ...{
    us: "us",
    ms: "ms",
    msec: "ms",
    msecs: "ms",
    millisecond: "ms",
    milliseconds: "ms",
    millis: "ms",
  },
  ...{ s: "s", sec: "s", secs: "s", second: "s", seconds: "s" },
  ...{ m: "m", min: "m", mins: "m", minute: "m", minutes: "m" },
  ...{ h: "h", hr: "h", hrs: "h", hour: "h", hours: "h" },
  ...{ d: "d", day: "d", days: "d" },
};

// `5 minutes`, `30sec`, `2S`, `1h30m`, `1w`, `30`.
function asDuration(value: unknown, canBeOff: boolean): string | null {
  const text = String(value).trim().toLowerCase();
  if (canBeOff && /^(?:off|never|none|infinite|infinity|unlimited|false|-1)$/.test(text))
    return "0";
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text.replace(/\s+(?=\d)/g, ""))
    return typeof value === "string" && /^\d+$/.test(text) && text !== "0" ? `${text}s` : null;
  let ms = 0;
  for (const [, amount = "", unit = ""] of parts) {
    const [factor, known] = unit.startsWith("w") ? [7, "d"] : [1, UNITS[unit] ?? ""];
    const one = parseDuration(`${amount}${known}`);
    if (one === null) return null;
    ms += one * factor;
  }
  return formatDuration(ms);
}

// `64MB`, `64M`, `64 mib`, `64k`.
function asSize(text: string): string | null {
  const [, amount, letter = ""] =
    /^(\d+(?:\.\d+)?)\s*([kmg]?)(?:i?b(?:ytes?)?)?$/i.exec(text.trim()) ?? [];
  if (amount === undefined) return null;
  const bytes = parseSize(
    `${amount}${letter === "" ? "B" : `${letter.toUpperCase().replace("K", "K")}iB`}`,
  );
  return bytes === null ? null : formatSize(bytes);
}

function asRate(text: string): string | null {
  const [, count, unit = ""] =
    /^(\d+)\s*(?:\/|per)\s*1?\s*(m|min|minute|h|hour)s?$/i.exec(text.trim()) ?? [];
  if (count !== undefined) return `${count}/${unit.toLowerCase().charAt(0)}`;
  const digits = /^(\d+)\s*(?:\/?\s*(?:s|sec|secs|second|seconds)|r\/s|rps|cps|per second)?$/i.exec(
    text.trim(),
  )?.[1];
  return digits === undefined ? null : digits === "0" ? "0" : `${digits}/s`;
}

// `10.0.0.*`, `10.0.0.0/255.255.255.0`, `10.`
function asCidr(text: string): string | null {
  if (isEverything(text)) return "0.0.0.0/0";
  if (text === "localhost") return "127.0.0.0/8";
  const [, start = ""] = /^((?:\d{1,3}\.){1,3})(?:\*\.?)*$/.exec(text) ?? [];
  if (start !== "") {
    const octets = start.split(".").filter(Boolean);
    return `${[...octets, "0", "0", "0"].slice(0, 4).join(".")}/${octets.length * 8}`;
  }
  const [, address, mask] = /^([\d.]+)\/((?:\d{1,3}\.){3}\d{1,3})$/.exec(text) ?? [];
  if (address === undefined || mask === undefined) return null;
  const bits = mask
    .split(".")
    .map((octet) => Number(octet).toString(2).padStart(8, "0"))
    .join("");
  return /^1*0*$/.test(bits) ? `${address}/${bits.replaceAll("0", "").length}` : null;
}

function isEverything(text: string): boolean {
  return /^(?:all|any|\*|everyone|everybody)$/i.test(text);
}

function asList(value: unknown, of: Field): string | null {
  const items = typeof value === "string" ? value.split(/[,\s]+/).filter(Boolean) : [value];
  const single =
    of.kind !== "map" || items.every((item) => isEndpoint(String(item))) ? items : [value];
  const texts = single.map((item) => rewrite(item, of));
  return texts.length === 0 || texts.includes(null) ? null : `[${texts.join(", ")}]`;
}

/** Kinds of value that hardly anything else is taken for. */
const TELLING = ["choice", "integer", "address", "boolean", "duration", "size", "rate", "ports"];

function asMap(value: unknown, keys: Keys): string | null {
  if (Object.hasOwn(keys, "host") && Object.hasOwn(keys, "weight"))
    return backendFrom(String(value));
  // A single time is meant for sessions.
  const { idle } = keys;
  if (idle !== undefined && accepts(idle.field, value)) return `{idle: ${value}}`;
  const fitting = Object.entries(keys).filter(
    ([, { field, isOld }]) =>
      !isOld && TELLING.includes(innerOf(field).kind) && takes(field, value),
  );
  const [first] = fitting;
  // A value that several keys could take is proposed for none of them.
  if (first === undefined || fitting.length > 2) return null;
  const [name, { field }] = first;
  const text = rewrite(value, field) ?? show(value);
  return `{${name}: ${value === false ? '"off"' : text}}`;
}

function takes(field: Field, value: unknown): boolean {
  const isAddress = innerOf(field).kind === "address";
  return accepts(field, value) || (isAddress && rewrite(value, field) !== null);
}

function innerOf(field: Field): Field {
  if (field.kind === "list") return innerOf(field.of);
  if (field.kind === "nullable") return innerOf(field.of);
  return field.kind === "auto" ? innerOf(field.or) : field;
}

/** An address under a key that has only one half of it, as both: `host: a, port: 443`. */
export function splitKeys(
  key: string,
  value: unknown,
  keys: Keys,
): Readonly<Record<string, string>> | null {
  if ((key !== "host" && key !== "bind_address") || !Object.hasOwn(keys, "port")) return null;
  const text = String(value);
  if (/^\d{1,5}$/.test(text)) return key === "host" ? null : { port: text };
  const address = splitAddress(text);
  if (address?.port == null) return null;
  const host =
    address.host === null
      ? {}
      : { [key]: address.host.includes(":") ? `"${address.host}"` : address.host };
  return { ...host, port: String(address.port) };
}

// Addresses as nginx's `listen`, `server` and `proxy_pass` have them.
import { isHostname, isSocketPath, parseIp } from "../../../base/address.ts";
import { LONGEST_MS } from "../draft/durations.ts";
import type { Value } from "../draft/traced.ts";

/** Keys of a backend; null: it is no address. */
export function backendAddress(text: string): Readonly<Record<string, Value>> | null {
  const [, path] = /^unix:(.+?):?$/.exec(text) ?? [];
  if (path !== undefined) return isSocketPath(path) ? { unix: path } : null;
  const [, v6, name = "", port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = parseIp(v6 ?? name)?.ip ?? (v6 === undefined && isHostname(name) ? name : null);
  const number = Number(port);
  return host === null || !(number >= 1 && number <= 65535) ? null : { host, port: number };
}

/** The most ports of one listener. */
const MOST_PORTS = 1024;

export type Listen = {
  readonly keys: Readonly<Record<string, Value>>;
  /** Empty on a unix socket. */
  readonly ip: string;
  readonly port: string;
};

export function listenAddress(text: string): Listen | null {
  const [, path] = /^unix:(.+)$/.exec(text) ?? [];
  if (path !== undefined)
    return isSocketPath(path) ? { keys: { unix: path }, ip: "", port: "" } : null;
  const [, v6, v4, port = ""] =
    /^(?:\[([^\]]+)\]:|([^:]+):)?(\d{1,5}(?:-\d{1,5})?)$/.exec(text) ?? [];
  if (port === "") return null;
  const host = v6 ?? (v4 === undefined || v4 === "*" ? "0.0.0.0" : v4);
  const ip = host === "localhost" ? "127.0.0.1" : parseIp(host)?.ip;
  if (ip === undefined) return null;
  const [from, to = from] = port.split("-").map(Number);
  if (from === undefined || to === undefined || from < 1 || to > 65535) return null;
  if (to < from || to - from >= MOST_PORTS) return null;
  const number = from === to ? from : port;
  return { keys: { ...(ip !== "0.0.0.0" && { bind_address: ip }), port: number }, ip, port };
}

/** `30`, `30s`, `1m30s`, `500ms` in milliseconds; null: it is no time. */
export function parseTime(text: string | undefined): number | null {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const all = { ...units, d: 86_400_000, w: 604_800_000, M: 2_592_000_000, y: 31_536_000_000 };
  if (text === undefined || !/^(?:\d{1,9}(?:ms|[smhdwMy])?)+$/.test(text)) return null;
  let ms = 0;
  for (const [, digits, unit = "s"] of text.matchAll(/(\d+)(ms|[smhdwMy])?/g)) {
    ms += Number(digits) * (all[unit as keyof typeof all] ?? 0);
  }
  return Math.min(ms, LONGEST_MS);
}

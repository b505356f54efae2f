// Addresses as HAProxy's `bind` and `server` have them.
import { isHostname, isSocketPath, parseIp } from "../../../base/address.ts";

export type ServerAddress =
  | { readonly kind: "unix"; readonly path: string }
  /** `port`: null is the one that the client came to. */
  | { readonly kind: "tcp"; readonly host: string; readonly port: number | null }
  /** Names of SRV records. */
  | { readonly kind: "srv"; readonly name: string }
  | { readonly kind: "unknown"; readonly why: string };

export function parseServerAddress(text: string): ServerAddress {
  const socket = parseSocket(text);
  if (socket !== null) return socket;
  const plain = text.replace(/^(?:ipv4|ipv6|tcp|tcp4|tcp6|stream\+ip[46])@/, "");
  if (plain.startsWith("_")) return { kind: "srv", name: plain.replace(/:\d+$/, "") };
  const { host, port } = splitPort(plain);
  if (/^[+-]\d/.test(port)) {
    return { kind: "unknown", why: "a port relative to the client's is not supported" };
  }
  if (!isHost(host)) return { kind: "unknown", why: `\`${text}\` is no address that bal can dial` };
  if (port === "" || port === "0") return { kind: "tcp", host: canonical(host), port: null };
  return isPort(port)
    ? { kind: "tcp", host: canonical(host), port: Number(port) }
    : { kind: "unknown", why: `\`${port}\` is no port` };
}

/** The most ports of one listener. */
export const MOST_PORTS = 1024;

type BindAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly ip: string; readonly port: number | string }
  | { readonly kind: "unknown"; readonly why: string };

export function parseBindAddress(text: string): BindAddress {
  const socket = parseSocket(text);
  if (socket !== null) return socket;
  if (/^(?:quic|udp|dgram)/.test(text)) return { kind: "unknown", why: "bal relays TCP only" };
  if (/^(?:fd|sockpair|rhttp)@/.test(text)) {
    return { kind: "unknown", why: "bal opens its sockets itself, or has them from systemd" };
  }
  const isV6 = text.startsWith("ipv6@") || text.startsWith("tcp6@");
  const { host, port } = splitPort(text.replace(/^(?:ipv4|ipv6|tcp|tcp4|tcp6)@/, ""));
  const ip = bindIp(host, isV6);
  if (ip === null) return { kind: "unknown", why: `\`${host}\` is not an IP address of this host` };
  const [, from, to] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(port) ?? [];
  if (from === undefined || !isPort(from)) return { kind: "unknown", why: "it has no port" };
  if (to === undefined || to === from) return { kind: "tcp", ip, port: Number(from) };
  const count = Number(to) - Number(from) + 1;
  return isPort(to) && count > 0 && count <= MOST_PORTS
    ? { kind: "tcp", ip, port: `${from}-${to}` }
    : { kind: "unknown", why: `a range has at most ${MOST_PORTS} ports, the first one first` };
}

function bindIp(host: string, isV6: boolean): string | null {
  if (host === "" || host === "*") return isV6 ? "::" : "0.0.0.0";
  if (host === "localhost") return isV6 ? "::1" : "127.0.0.1";
  return parseIp(unbracketed(host))?.ip ?? null;
}

function parseSocket(text: string): { kind: "unix"; path: string } | null {
  const [, kind, path = ""] = /^(unix@|abnsz?@|unix:|(?=\/))(.*)$/.exec(text) ?? [];
  if (kind === undefined) return null;
  const own = kind.startsWith("abns") ? `@${path}` : path;
  return isSocketPath(own) ? { kind: "unix", path: own } : null;
}

// The last colon separates the port, also behind an IPv6 address without brackets: `:::443`.
function splitPort(text: string): { readonly host: string; readonly port: string } {
  if (/^\[[^\]]*\]$/.test(text)) return { host: text, port: "" };
  const colon = text.lastIndexOf(":");
  return colon < 0
    ? { host: text, port: "" }
    : { host: text.slice(0, colon), port: text.slice(colon + 1) };
}

function unbracketed(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1");
}

function isHost(host: string): boolean {
  return parseIp(unbracketed(host)) !== null || isHostname(host);
}

function canonical(host: string): string {
  return parseIp(unbracketed(host))?.ip ?? host;
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65535;
}

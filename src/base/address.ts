// IP addresses, endpoints, host names and unix sockets as text. Pure; never resolves a name.
import { formatIpv6, readIpv4, readIpv6 } from "./ip.ts";

/** An IP literal in canonical form. */
type Ip = { readonly family: 4 | 6; readonly ip: string };

/** Port 0 is the one that the client came to. */
export type TcpEndpoint = Ip & { readonly port: number };

/** Where a connection goes, or comes in. */
export type Endpoint = TcpEndpoint | { readonly family: "unix"; readonly path: string };

/** A place by name: a host, which may be an IP literal in canonical form, or a unix socket. Port 0 is
 *  the one that the client came to. */
export type Address =
  | { readonly kind: "host"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** An IP literal without zone, in canonical form (RFC 5952); IPv4-mapped IPv6 becomes IPv4. */
export function parseIp(text: string): Ip | null {
  if (readIpv4(text) >= 0) return { family: 4, ip: text };
  const groups = new Uint16Array(8);
  if (!readIpv6(text, groups)) return null;
  const isMapped = groups[5] === 0xffff && groups.subarray(0, 5).every((group) => group === 0);
  if (!isMapped) return { family: 6, ip: formatIpv6(groups) };
  const [high = 0, low = 0] = groups.subarray(6);
  return { family: 4, ip: [high >> 8, high & 255, low >> 8, low & 255].join(".") };
}

/** A block of addresses, `10.0.0.0/8`, or a single one, in canonical form: `10.1.2.3/32`. */
export function parseCidr(text: string): string | null {
  const [, address = "", digits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const ip = parseIp(address);
  if (ip === null) return null;
  const bits = ip.family === 4 ? 32 : 128;
  // The first 96 bits of an IPv4-mapped address are the mapping's.
  const mapped = ip.family === 4 && address.includes(":") ? 96 : 0;
  const prefix = digits === undefined ? bits : Number(digits) - mapped;
  return prefix >= 0 && prefix <= bits ? `${ip.ip}/${prefix}` : null;
}

/** The block itself, without bits behind its prefix: `10.0.0.0/8` of `10.1.2.3/8`.
 *  @param cidr in canonical form */
export function networkOf(cidr: string): string {
  const [ip = "", digits] = cidr.split("/");
  const prefix = Number(digits);
  if (!ip.includes(":")) {
    const size = 2 ** (32 - prefix);
    const value = readIpv4(ip);
    const start = value - (value % size);
    const octets = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256);
    return `${octets.join(".")}/${prefix}`;
  }
  const groups = new Uint16Array(8);
  readIpv6(ip, groups);
  for (const [index, group] of groups.entries()) {
    const bits = Math.max(0, Math.min(16, prefix - 16 * index));
    groups[index] = group & ~(0xffff >> bits);
  }
  return `${formatIpv6(groups)}/${prefix}`;
}

/** Letters, digits, hyphens and underscores in labels of at most 63, 253 in all (RFC 1123; the
 *  underscore is what names of containers and services have). */
export function isHostname(text: string): boolean {
  if (text.length > 253 || /^[\d.]+$/.test(text)) return false;
  const labels = text.replace(/\.$/, "").split(".");
  return labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label));
}

/** `host:port`, `[v6]:port` */
export function formatHostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `host:port`, `[v6]:port`, `unix:/path`; the host alone without a port of its own. */
export function formatAddress(address: Address): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  return address.port === 0 ? address.host : formatHostPort(address.host, address.port);
}

export function formatEndpoint(endpoint: Endpoint): string {
  return endpoint.family === "unix"
    ? `unix:${endpoint.path}`
    : formatHostPort(endpoint.ip, endpoint.port);
}

/** Bytes of a path that sockaddr_un has room for, its NUL apart (unix(7)). */
export const MAX_SOCKET_PATH = 107;

/** Is it the path of a unix socket: an absolute path, or `@name` in the abstract namespace? */
export function isSocketPath(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal and a log would take them amiss
  if (!/^(?:\/|@[^@])[^\u0000-\u001f\u007f]*$/.test(text)) return false;
  return Buffer.byteLength(text) <= MAX_SOCKET_PATH;
}

/** `127.0.0.1:80`, `[::1]:80`: an IP literal in canonical form, and a port from 1 to 65535. */
export function parseHostPort(text: string): { readonly ip: string; readonly port: number } | null {
  const [, v6, v4 = "", digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const ip = parseIp(v6 ?? v4);
  const port = Number(digits);
  return ip !== null && port >= 1 && port <= 65535 ? { ip: ip.ip, port } : null;
}

/** Every address of the host. */
export function isWildcard(ip: string): boolean {
  return ip === "0.0.0.0" || ip === "::";
}

export function isLoopback(ip: string): boolean {
  return ip === "::1" || (ip.startsWith("127.") && readIpv4(ip) >= 0);
}

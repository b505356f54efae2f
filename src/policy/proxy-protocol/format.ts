// The PROXY protocol's header, versions 1 and 2, as HAProxy defines it: who the client is, told to a
// backend before the client's own bytes. Pure.
import type { ProxyTlv } from "../../config/config.ts";
import { crc32c } from "./crc32c.ts";

type ProxyVersion = "v1" | "v2";

/** An IP literal in canonical form, and a port. */
export type Address = { readonly ip: string; readonly port: number };

/** From the client to the address that it came to; null: not known, as of a unix socket. */
export type Route = { readonly source: Address; readonly destination: Address } | null;

const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const LOCAL = 0x20;
const PROXY = 0x21;
const TCP4 = 0x11;
const TCP6 = 0x21;
const UNSPECIFIED = 0x00;
/** Type of each TLV (section 2.2). */
const TLV_TYPES = { alpn: 0x01, authority: 0x02, crc32c: 0x03, unique_id: 0x05 } as const;
const CHECKSUM_BYTES = 4;

/** The values of the TLVs; null: not known, and left out. A character per byte. */
type TlvValues = {
  readonly authority: string | null;
  readonly alpn: string | null;
  /** 128 bytes at most. */
  readonly unique_id: string;
};

/** `tlvs`: of version 2, in the order in which they are sent, the checksum last. */
export function formatHeader(
  version: ProxyVersion,
  route: Route,
  { tlvs, values }: { tlvs: readonly ProxyTlv[]; values: TlvValues } = NO_TLVS,
): Uint8Array {
  if (version === "v1") return formatV1(route);
  const header = formatV2(
    route,
    tlvs.flatMap((tlv) => formatTlv(tlv, values)),
  );
  // "the checksum field itself is filled with zeroes" for it (section 2.2.3).
  if (tlvs.at(-1) === "crc32c")
    new DataView(header.buffer).setUint32(header.length - CHECKSUM_BYTES, crc32c(header));
  return header;
}

const NO_TLVS = { tlvs: [], values: { authority: null, alpn: null, unique_id: "" } };

function formatTlv(tlv: ProxyTlv, values: TlvValues): number[] {
  const text = tlv === "crc32c" ? "\0".repeat(CHECKSUM_BYTES) : values[tlv];
  if (text === null) return [];
  const value = Array.from(text, (character) => character.charCodeAt(0) & 255);
  return [TLV_TYPES[tlv], value.length >> 8, value.length & 255, ...value];
}

/** The header that a connection of bal's own begins with, such as a health check. */
export function formatLocal(version: ProxyVersion): Uint8Array {
  return formatHeader(version, null);
}

function formatV1(route: Route): Uint8Array {
  const text = route === null ? "UNKNOWN" : describe(route);
  return new TextEncoder().encode(`PROXY ${text}\r\n`);
}

function describe({ source, destination }: NonNullable<Route>): string {
  const [from, to] = [source.ip, destination.ip];
  if (isV6(from) !== isV6(to)) return "UNKNOWN";
  return `${isV6(from) ? "TCP6" : "TCP4"} ${from} ${to} ${source.port} ${destination.port}`;
}

function formatV2(route: Route, tlvs: readonly number[]): Uint8Array {
  // TLVs of a LOCAL header are discarded with it (section 2.2).
  if (route === null) return frame(tlvs.length === 0 ? LOCAL : PROXY, UNSPECIFIED, tlvs);
  const { source, destination } = route;
  const ports = [source.port, destination.port].flatMap((port) => [port >> 8, port & 255]);
  const areV4 = !isV6(source.ip) && !isV6(destination.ip);
  const bytesOf = areV4 ? bytesOfV4 : bytesOfV6;
  const addresses = [...bytesOf(source.ip), ...bytesOf(destination.ip)];
  return frame(PROXY, areV4 ? TCP4 : TCP6, [...addresses, ...ports, ...tlvs]);
}

function frame(command: number, family: number, body: readonly number[]): Uint8Array {
  return new Uint8Array([
    ...SIGNATURE,
    command,
    family,
    body.length >> 8,
    body.length & 255,
    ...body,
  ]);
}

function isV6(ip: string): boolean {
  return ip.includes(":");
}

function bytesOfV4(ip: string): number[] {
  return ip.split(".").map(Number);
}

/** 16 bytes; an IPv4 address in its mapped form. */
function bytesOfV6(ip: string): number[] {
  if (!isV6(ip)) return [...Array<number>(10).fill(0), 255, 255, ...bytesOfV4(ip)];
  const [head = "", tail = ""] = ip.split("::");
  const [front, back] = [groups(head), groups(tail)];
  return [...front, ...Array<number>(16 - front.length - back.length).fill(0), ...back];
}

function groups(text: string): number[] {
  return text
    .split(":")
    .filter((group) => group !== "")
    .flatMap((group) => {
      if (group.includes(".")) return bytesOfV4(group);
      const value = Number.parseInt(group, 16);
      return [value >> 8, value & 255];
    });
}

// Version 2: binary (section 2.2).
import { parseIp } from "../../base/address.ts";
import { crc32c } from "./crc32c.ts";
import type { Address } from "./format.ts";
import type { HeaderVerdict } from "./parse.ts";

/** The longest header that is read: far more than the TLVs of any known sender take. */
export const MAX_HEADER_BYTES = 4096;

const SIGNATURE_BYTES = 12;
const FIXED_BYTES = 16;
const TLV_HEADER_BYTES = 3;
const CRC32C = 0x03;
const TCP4 = 0x11;
const TCP6 = 0x21;
/** The bytes that the addresses of a family take: unspecified, IPv4, IPv6, unix. */
const ADDRESS_BYTES = [0, 12, 36, 216];

/** @param bytes that begin with the signature */
export function parseV2(bytes: Uint8Array): HeaderVerdict {
  const [command = 0x20, family = 0] = bytes.subarray(SIGNATURE_BYTES);
  if (command >> 4 !== 2) return invalid(`version ${command >> 4}`);
  // "Receivers must drop connections presenting unexpected values here."
  if ((command & 15) > 1) return invalid(`version 2: command ${command & 15}`);
  const isLocal = command === 0x20;
  if (!isLocal && (family >> 4 > 3 || (family & 15) > 2)) {
    return invalid(`version 2: family and protocol 0x${family.toString(16).padStart(2, "0")}`);
  }
  if (bytes.length < FIXED_BYTES) return { kind: "need-more", bytes: bytes.length + 1 };
  const length = FIXED_BYTES + view(bytes).getUint16(SIGNATURE_BYTES + 2);
  if (length > MAX_HEADER_BYTES) return invalid("version 2: over 4 KiB");
  if (bytes.length < length) return { kind: "need-more", bytes: length };
  // After LOCAL and after an unspecified family everything is to be skipped, whatever it is.
  if (isLocal || family >> 4 === 0) return { kind: "found", length, route: null };
  return parseBody(bytes.subarray(0, length), family);
}

function parseBody(header: Uint8Array, family: number): HeaderVerdict {
  const tlvs = FIXED_BYTES + (ADDRESS_BYTES[family >> 4] ?? 0);
  if (tlvs > header.length) return invalid("version 2: too short for its addresses");
  const wrong = judgeTlvs(header, tlvs);
  if (wrong !== null) return invalid(wrong);
  const width = family === TCP4 ? 4 : family === TCP6 ? 16 : null;
  if (width === null) return { kind: "found", length: header.length, route: null };
  const ports = FIXED_BYTES + 2 * width;
  const address = (at: number, port: number): Address => ({
    ip: ipOf(header.subarray(at, at + width)),
    port: view(header).getUint16(port),
  });
  const source = address(FIXED_BYTES, ports);
  const destination = address(FIXED_BYTES + width, ports + 2);
  return { kind: "found", length: header.length, route: { source, destination } };
}

/** They fill the header to its end, and a checksum among them is right. */
function judgeTlvs(header: Uint8Array, from: number): string | null {
  for (let at = from; at < header.length; ) {
    if (at + TLV_HEADER_BYTES > header.length) return "version 2: a TLV that is cut off";
    const value = at + TLV_HEADER_BYTES;
    const end = value + view(header).getUint16(at + 1);
    if (end > header.length) return "version 2: a TLV that is cut off";
    if (header[at] === CRC32C && !isChecksum(header, value, end)) {
      return "version 2: a wrong checksum";
    }
    at = end;
  }
  return null;
}

/** "the checksum field itself is filled with zeroes" for it (section 2.2.3). */
function isChecksum(header: Uint8Array, from: number, end: number): boolean {
  if (end - from !== 4) return false;
  const zeroed = header.map((byte, at) => (at >= from && at < end ? 0 : byte));
  return crc32c(zeroed) === view(header).getUint32(from);
}

/** In canonical form. */
function ipOf(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, i) =>
    view(bytes)
      .getUint16(2 * i)
      .toString(16),
  );
  const ip = parseIp(groups.join(":"));
  return ip === null ? "::" : ip.ip;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function invalid(reason: string): HeaderVerdict {
  return { kind: "invalid", reason };
}

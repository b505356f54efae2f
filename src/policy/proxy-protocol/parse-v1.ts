// Version 1: a line of text (section 2.1). As strict as the specification, since a line that two
// receivers read differently lets a client choose its own address.
import { parseIp } from "../../base/address.ts";
import type { Address } from "./format.ts";
import type { HeaderVerdict } from "./parse.ts";

// "the longest possible line, CR LF included" (section 2.1).
const MAX_LINE_BYTES = 107;
const CR = 13;
const LF = 10;

/** @param bytes that begin with `PROXY` */
export function parseV1(bytes: Uint8Array): HeaderVerdict {
  const window = bytes.subarray(0, MAX_LINE_BYTES);
  const end = window.findIndex((byte) => byte === CR || byte === LF);
  const after = window[end + 1];
  if (end !== -1 && (window[end] === LF || (after !== undefined && after !== LF))) {
    return invalid("version 1: its line does not end with CR LF");
  }
  if (end === -1 || after === undefined) {
    return window.length < MAX_LINE_BYTES
      ? { kind: "need-more", bytes: bytes.length + 1 }
      : invalid(`version 1: no end within ${MAX_LINE_BYTES} bytes`);
  }
  return parseLine(String.fromCharCode(...window.subarray(0, end)), end + 2);
}

function parseLine(line: string, length: number): HeaderVerdict {
  // "the receiver must ignore anything presented before the CRLF"
  if (/^PROXY UNKNOWN( |$)/.test(line)) return { kind: "found", length, route: null };
  const [, family, from = "", to = "", fromPort = "", toPort = "", ...rest] = line.split(" ");
  if (!line.startsWith("PROXY ") || (family !== "TCP4" && family !== "TCP6")) {
    return invalid("version 1: neither TCP4, TCP6 nor UNKNOWN");
  }
  const source = parseAddress(family, from, fromPort);
  const destination = parseAddress(family, to, toPort);
  if (rest.length > 0 || source === null || destination === null) {
    return invalid(`version 1: not two addresses and two ports of ${family}`);
  }
  return { kind: "found", length, route: { source, destination } };
}

function parseAddress(family: "TCP4" | "TCP6", host: string, port: string): Address | null {
  const ip = host.includes(":") === (family === "TCP6") ? parseIp(host) : null;
  const isPort = /^(0|[1-9]\d{0,4})$/.test(port) && Number(port) <= 65535;
  return ip !== null && isPort ? { ip: ip.ip, port: Number(port) } : null;
}

function invalid(reason: string): HeaderVerdict {
  return { kind: "invalid", reason };
}

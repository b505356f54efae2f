// A header is found, awaited, absent or refused; the examples are the specification's.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseIp } from "../../../src/base/address.ts";
import { crc32c } from "../../../src/policy/proxy-protocol/crc32c.ts";
import { formatHeader, formatLocal } from "../../../src/policy/proxy-protocol/format.ts";
import { MAX_HEADER_BYTES, parseHeader } from "../../../src/policy/proxy-protocol/parse.ts";

const bytesOf = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const invalid = (reason: string) => ({ kind: "invalid", reason }) as const;
const route = (from: string, fromPort: number, to: string, toPort: number) => ({
  source: { ip: from, port: fromPort },
  destination: { ip: to, port: toPort },
});
const V4 = route("192.168.0.1", 56324, "192.168.0.11", 443);

const WIDEST = Array(8).fill("ffff").join(":");
const LONGEST = `PROXY UNKNOWN ${WIDEST} ${WIDEST} 65535 65535\r\n`;

test.each([
  ["PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n", V4],
  ["PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n", route("0.0.0.0", 0, "255.255.255.255", 65535)],
  ["PROXY TCP6 2001:DB8:0:0::1 ::1 1 2\r\n", route("2001:db8::1", 1, "::1", 2)],
  ["PROXY TCP6 ::ffff:10.0.0.1 ::FFFF:a00:2 1 2\r\n", route("10.0.0.1", 1, "10.0.0.2", 2)],
  ["PROXY UNKNOWN\r\n", null],
  ["PROXY UNKNOWN anything \x00 at all\r\n", null],
  [LONGEST, null],
] as const)("version 1: %j", (line, expected) => {
  const bytes = bytesOf(`${line}GET / HTTP/1.1\r\n`);
  expect(parseHeader(bytes)).toEqual({ kind: "found", length: line.length, route: expected });
});

const NO_END = invalid("version 1: its line does not end with CR LF");
const NO_FAMILY = invalid("version 1: neither TCP4, TCP6 nor UNKNOWN");
const notOf = (family: string) =>
  invalid(`version 1: not two addresses and two ports of ${family}`);

test.each([
  ["PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n", NO_END],
  ["PROXY TCP4 1.1.1.1 2.2.2.2 1 2\rX", NO_END],
  ["PROXY\r\n", NO_FAMILY],
  ["PROXY \r\n", NO_FAMILY],
  ["PROXYTCP4 1.1.1.1 2.2.2.2 1 2\r\n", NO_FAMILY],
  ["PROXY  TCP4 1.1.1.1 2.2.2.2 1 2\r\n", NO_FAMILY],
  ["PROXY tcp4 1.1.1.1 2.2.2.2 1 2\r\n", NO_FAMILY],
  ["PROXY UDP4 1.1.1.1 2.2.2.2 1 2\r\n", NO_FAMILY],
  ["PROXY UNKNOWNS\r\n", NO_FAMILY],
  ["PROXY TCP4\r\n", notOf("TCP4")],
  ["PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n", notOf("TCP4")],
  ["PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n", notOf("TCP4")],
  ["PROXY TCP4 1.1.1.1 2.2.2.2 1 2 \r\n", notOf("TCP4")],
  ["PROXY TCP4 1.1.1.1  2.2.2.2 1 2\r\n", notOf("TCP4")],
  ["PROXY TCP4 1.1.1.1\t2.2.2.2 1 2\r\n", notOf("TCP4")],
  ["PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n", notOf("TCP4")],
  ["PROXY TCP4 1.1.1.1 2.2.2.2 +1 2\r\n", notOf("TCP4")],
  ["PROXY TCP4 1.1.1.1 2.2.2.2 1 65536\r\n", notOf("TCP4")],
  ["PROXY TCP4 1.1.1.1 2.2.2.2 0x1 2\r\n", notOf("TCP4")],
  ["PROXY TCP4 1.1.1.01 2.2.2.2 1 2\r\n", notOf("TCP4")],
  ["PROXY TCP4 1.1.1 2.2.2.2 1 2\r\n", notOf("TCP4")],
  ["PROXY TCP4 1.1.1.256 2.2.2.2 1 2\r\n", notOf("TCP4")],
  ["PROXY TCP4 ::1 ::2 1 2\r\n", notOf("TCP4")],
  ["PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n", notOf("TCP6")],
  ["PROXY TCP6 ::1%lo ::2 1 2\r\n", notOf("TCP6")],
  ["PROXY TCP6 [::1] ::2 1 2\r\n", notOf("TCP6")],
  [`PROXY UNKNOWN ${"x".repeat(93)}`, invalid("version 1: no end within 107 bytes")],
  [`PROXY UNKNOWN ${"x".repeat(92)}\r\n`, invalid("version 1: no end within 107 bytes")],
] as const)("version 1 refuses %j", (line, verdict) => {
  expect(parseHeader(bytesOf(line))).toEqual(verdict);
});

const SIGNATURE = "0d0a0d0a000d0a515549540a";
const hex = (text: string) => Uint8Array.fromHex(text);
const ADDRESSES4 = "c0a80001c0a8000bdc0401bb";
const v2 = (rest: string) => hex(SIGNATURE + rest);

test.each([
  ["TCP over IPv4", `2111000c${ADDRESSES4}`, V4],
  [
    "TCP over IPv6",
    `21210024${"20010db8000000000000000000000001"}${"0".repeat(31)}10001ffff`,
    route("2001:db8::1", 1, "::1", 65535),
  ],
  [
    "addresses that IPv6 has mapped",
    `21210024${"00000000000000000000ffff0a000001".repeat(2)}00010002`,
    route("10.0.0.1", 1, "10.0.0.1", 2),
  ],
  ["TLVs", `21110014${ADDRESSES4}0100026832040000`, V4],
  ["LOCAL", "20000000", null],
  ["LOCAL with whatever", "20ff0003ffffff", null],
  ["unspecified", "21000000", null],
  ["unspecified with whatever", "21000003ffffff", null],
  ["UDP", `2112000c${ADDRESSES4}`, null],
  ["unix", `213100d8${"00".repeat(216)}`, null],
] as const)("version 2: %s", (_, rest, expected) => {
  const bytes = v2(`${rest}160301`);
  const length = bytes.length - 3;
  expect(parseHeader(bytes)).toEqual({ kind: "found", length, route: expected });
});

test.each([
  ["version 1", `1111000c${ADDRESSES4}`, "version 1"],
  ["version 3", `3111000c${ADDRESSES4}`, "version 3"],
  ["an unknown command", `2211000c${ADDRESSES4}`, "version 2: command 2"],
  ["an unknown family", "21410000", "version 2: family and protocol 0x41"],
  ["an unknown protocol", "21130000", "version 2: family and protocol 0x13"],
  ["4 KiB", "21110ff1", "version 2: over 4 KiB"],
  ["half an address", `2111000b${ADDRESSES4}`, "version 2: too short for its addresses"],
  ["no address", "21210000", "version 2: too short for its addresses"],
  ["half a TLV's header", `2111000e${ADDRESSES4}0100`, "version 2: a TLV that is cut off"],
  ["half a TLV", `21110010${ADDRESSES4}01000268`, "version 2: a TLV that is cut off"],
  ["a wrong checksum", `21110013${ADDRESSES4}03000400000000`, "version 2: a wrong checksum"],
  ["half a checksum", `21110011${ADDRESSES4}0300020000`, "version 2: a wrong checksum"],
] as const)("version 2 refuses %s", (_, rest, reason) => {
  expect(parseHeader(v2(rest))).toEqual(invalid(reason));
});

test("a checksum is over the whole header, with zeroes in its own place", () => {
  expect(crc32c(bytesOf("123456789"))).toBe(0xe3069283);
  const bytes = v2(`21110018${ADDRESSES4}0100026832${"03000400000000"}`);
  new DataView(bytes.buffer).setUint32(bytes.length - 4, crc32c(bytes));
  expect(parseHeader(bytes)).toEqual({ kind: "found", length: bytes.length, route: V4 });
  bytes[20] = 1;
  expect(parseHeader(bytes)).toEqual(invalid("version 2: a wrong checksum"));
});

test.each(["GET / HTTP/1.1", "\x16\x03\x01", "POST", "\r\n\r\n\x01", "PROX!", "\x00"])(
  "%j is no header",
  (text) => {
    expect(parseHeader(bytesOf(text))).toEqual({ kind: "absent" });
  },
);

/** Asks with as many bytes as are wanted, until there is a verdict. */
function feed(bytes: Uint8Array) {
  for (let length = 0; ; ) {
    const verdict = parseHeader(bytes.subarray(0, length));
    if (verdict.kind !== "need-more" || verdict.bytes > bytes.length) return verdict;
    expect(verdict.bytes).toBeGreaterThan(length);
    expect(verdict.bytes).toBeLessThanOrEqual(MAX_HEADER_BYTES);
    length = verdict.bytes;
  }
}

const port = fc.integer({ min: 0, max: 65535 });
const addressOf = (ip: fc.Arbitrary<string>) =>
  fc.record({ ip: ip.map((text) => parseIp(text)?.ip ?? "::"), port });
const routeOf = (ip: fc.Arbitrary<string>) =>
  fc.record({ source: addressOf(ip), destination: addressOf(ip) });
const anyRoute = fc.oneof(routeOf(fc.ipV4()), routeOf(fc.ipV6()), fc.constant(null));

test("what bal writes it reads, split at any byte", () => {
  fc.assert(
    fc.property(anyRoute, fc.constantFrom("v1", "v2"), (sent, version) => {
      const header = formatHeader(version, sent);
      // Version 1 has no word for two families in one header.
      const mixed = sent !== null && isV6(sent.source.ip) !== isV6(sent.destination.ip);
      const verdict = {
        kind: "found",
        length: header.length,
        route: version === "v1" && mixed ? null : sent,
      };
      expect(feed(Uint8Array.of(...header, 80, 82))).toEqual(verdict as never);
      for (let length = 0; length < header.length; length++) {
        expect(parseHeader(header.subarray(0, length)).kind).toBe("need-more");
      }
    }),
  );
  for (const version of ["v1", "v2"] as const) {
    const header = formatLocal(version);
    expect(feed(header)).toEqual({ kind: "found", length: header.length, route: null });
  }
});

const isV6 = (ip: string) => ip.includes(":");

test("random bytes never throw, and pieces of them have the verdict of the whole", () => {
  const begin = fc.constantFrom(
    ...[bytesOf(""), bytesOf("PROXY "), bytesOf("PROXY TCP4 "), v2(""), v2("21"), v2("2111")],
    ...[v2(`21110020${ADDRESSES4}`), v2("21210040"), v2("21000010")],
  );
  fc.assert(
    fc.property(begin, fc.uint8Array({ maxLength: 120 }), (start, rest) => {
      const bytes = Uint8Array.of(...start, ...rest);
      const whole = parseHeader(bytes);
      if (whole.kind === "need-more") expect(whole.bytes).toBeGreaterThan(bytes.length);
      else expect(feed(bytes)).toEqual(whole);
    }),
    { numRuns: 2000 },
  );
});

// Ranges of addresses, against the plain definition: an address is in a block if they share the prefix.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseCidr, parseIp } from "../../src/base/address.ts";
import { ipRanges, isInRanges } from "../../src/base/ip-ranges.ts";

/** All 32 or 128 bits as text. */
function bitsOf(ip: string): string {
  const bits = (numbers: readonly number[], width: number) =>
    numbers.map((number) => number.toString(2).padStart(width, "0")).join("");
  if (!ip.includes(":")) return bits(ip.split(".").map(Number), 8);
  const [head = "", tail] = ip.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const [first, last] = [groups(head), groups(tail ?? "")];
  const zeros = Array.from(
    { length: tail === undefined ? 0 : 8 - first.length - last.length },
    () => "0",
  );
  return bits(
    [...first, ...zeros, ...last].map((group) => Number.parseInt(group, 16)),
    16,
  );
}

function isIn(cidr: string, ip: string): boolean {
  const [network = "", prefix] = cidr.split("/");
  const [block, address] = [bitsOf(network), bitsOf(ip)];
  return block.length === address.length && address.startsWith(block.slice(0, Number(prefix)));
}

// Few different bits, so that blocks nest, touch and repeat.
const byte = fc.constantFrom(0, 1, 2, 127, 128, 255);
const v4 = fc.array(byte, { minLength: 4, maxLength: 4 }).map((bytes) => bytes.join("."));
const group = fc.constantFrom("0", "1", "7fff", "8000", "ffff");
const v6 = fc
  .array(group, { minLength: 8, maxLength: 8 })
  .map((groups) => parseIp(groups.join(":"))?.ip ?? "::");
const cidr = fc.oneof(
  fc.tuple(v4, fc.integer({ min: 0, max: 32 })),
  fc.tuple(v6, fc.integer({ min: 0, max: 128 })),
);

test("an address is in the ranges exactly if a block has it", () => {
  const blocks = fc.array(
    cidr.map(
      ([ip, prefix]) =>
        parseCidr(`${ip}/${ip.includes(":") ? prefix : Math.min(prefix, 32)}`) ?? "::/0",
    ),
    { maxLength: 12 },
  );
  const addresses = fc.array(fc.oneof(v4, v6), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(blocks, addresses, (cidrs, ips) => {
      const ranges = ipRanges(cidrs);
      for (const ip of ips) {
        const expected = cidrs.some((one) => isIn(one, ip));
        expect([cidrs, ip, isInRanges(ranges, ip)]).toEqual([cidrs, ip, expected]);
      }
    }),
    { numRuns: 2000 },
  );
});

test("neither everything of IPv4 nor of IPv6 has an address of the other, nor what is no address", () => {
  const [all4, all6] = [ipRanges(["0.0.0.0/0"]), ipRanges(["::/0"])];
  expect(["10.1.2.3", "::1", ""].map((ip) => isInRanges(all4, ip))).toEqual([true, false, false]);
  expect(["10.1.2.3", "::1", ""].map((ip) => isInRanges(all6, ip))).toEqual([false, true, false]);
});

test("adjacent blocks of IPv4 are one range, and of one in another nothing is left", () => {
  const { v4, v6 } = ipRanges([
    "10.0.1.0/24",
    "10.0.0.0/24",
    "10.0.0.7/32",
    "2001:db8::/32",
    "2001:db8:1::/48",
  ]);
  expect([...v4]).toEqual([0x0a000000, 0x0a0001ff]);
  expect(v6).toHaveLength(8);
});

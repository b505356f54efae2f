// IP addresses as numbers, against the platform's own judgement.
import { expect, test } from "bun:test";
import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { formatIpv6, readIpv4, readIpv6 } from "../../src/base/ip.ts";

const groups = new Uint16Array(8);

test("what reads as an address is one, and nothing else is", () => {
  const piece = fc.constantFrom(
    "",
    "0",
    "1",
    "00",
    "255",
    "256",
    "01",
    "f",
    "FFff",
    "12345",
    "g",
    "1.2.3.4",
  );
  const like = (separator: string) =>
    fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join(separator));
  const noise = fc.string({ unit: fc.constantFrom(..."::..0129aFg%/"), maxLength: 20 });
  fc.assert(
    fc.property(fc.oneof(like("."), like(":"), noise, fc.ipV4(), fc.ipV6()), (text) => {
      expect([text, readIpv4(text) >= 0]).toEqual([text, isIPv4(text)]);
      expect([text, readIpv6(text, groups)]).toEqual([text, isIPv6(text) && !text.includes("%")]);
    }),
    { numRuns: 5000 },
  );
});

test.each([
  ["0:0:0:0:0:0:0:0", "::"],
  ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["0:0:1:0:0:0:0:0", "0:0:1::"],
  ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
  ["::1:2:3:4:1.2.3.4", "::1:2:3:4:102:304"],
])("%s is written as RFC 5952 has it", (text, canonical) => {
  expect(readIpv6(text, groups)).toBe(true);
  expect(formatIpv6(groups)).toBe(canonical);
});

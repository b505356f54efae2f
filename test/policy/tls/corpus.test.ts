// Hellos of real clients (corpus/, made by capture.ts), whole, in pieces, cut anew and changed.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseClientHello } from "../../../src/policy/tls/client-hello.ts";
import { corpus } from "./corpus.ts";
import { records } from "./hello.ts";

/** What the records carry. */
function messageOf(bytes: Uint8Array): number[] {
  if (bytes.length === 0) return [];
  const end = 5 + new DataView(bytes.buffer, bytes.byteOffset).getUint16(3);
  return [...bytes.subarray(5, end), ...messageOf(bytes.subarray(end))];
}

test.each(corpus)("$name", ({ bytes, hello }) => {
  const verdict = { kind: "found", hello } as const;
  expect(parseClientHello(bytes)).toEqual(verdict);
  for (let length = 0; length < bytes.length; length++) {
    const early = parseClientHello(bytes.subarray(0, length));
    if (early.kind !== "need-more") throw new Error(`${early.kind} after ${length} bytes`);
    if (early.bytes <= length || early.bytes > bytes.length) throw new Error(`at ${length}`);
  }
  for (const size of [1, 2, 5, 64, 700]) {
    expect(parseClientHello(records(messageOf(bytes), [size]))).toEqual(verdict);
  }
});

test("a byte changed anywhere in a real hello ends in a verdict", () => {
  const kinds = new Set(["found", "invalid", "need-more", "no-tls"]);
  fc.assert(
    fc.property(
      fc.constantFrom(...corpus),
      fc.array(fc.tuple(fc.nat(2100), fc.nat(255)), { minLength: 1, maxLength: 3 }),
      ({ bytes }, changes) => {
        const changed = bytes.slice();
        for (const [at, byte] of changes) changed[at % changed.length] = byte;
        expect(kinds.has(parseClientHello(changed).kind)).toBe(true);
      },
    ),
    { numRuns: 3000 },
  );
});

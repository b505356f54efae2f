// Hellos of real clients (corpus/, made by capture.ts), whole, in pieces, cut anew and changed.
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parseClientHello } from "../../../src/policy/sniff/client-hello.ts";
import { records } from "./hello.ts";

const folder = join(import.meta.dir, "corpus");
const corpus = readdirSync(folder).map((file) => {
  const lines = readFileSync(join(folder, file), "utf8").split("\n");
  const [hello = "", ...base64] = lines.filter((line) => !line.startsWith("#"));
  const verdict = { kind: "found", hello: JSON.parse(hello) } as const;
  return { name: file.replace(".txt", ""), verdict, bytes: Uint8Array.fromBase64(base64.join("")) };
});

/** What the records carry. */
function messageOf(bytes: Uint8Array): number[] {
  if (bytes.length === 0) return [];
  const end = 5 + new DataView(bytes.buffer, bytes.byteOffset).getUint16(3);
  return [...bytes.subarray(5, end), ...messageOf(bytes.subarray(end))];
}

test.each(corpus)("$name", ({ bytes, verdict }) => {
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
  const kinds = new Set(["found", "invalid", "need-more"]);
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

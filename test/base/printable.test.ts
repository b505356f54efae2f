import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  printable,
  printableJson,
  printableList,
  printableSource,
  printableStyled,
} from "../../src/base/printable.ts";

// Everything that a terminal obeys or a reader of lines splits at.
const OBEYED =
  /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])/u;

const anyText = fc
  .array(fc.integer({ min: 0, max: 0xffff }))
  .map((units) => String.fromCharCode(...units));

describe("text that others have chosen", () => {
  test.each([
    ["a name", "a name"],
    ["größe ünïcode 日本 😀", "größe ünïcode 日本 😀"],
    ["a\nb\tc", "a\\nb\\tc"],
    ["\u001b]0;owned\u0007", "\\x1b]0;owned\\x07"],
    ["\u0085\u009b31m\u007f", "\\x85\\x9b31m\\x7f"],
    ["a\u2028b\u202e", "a\\u2028b\\u202e"],
    ["\ud800x", "\\ud800x"],
  ])("%j is shown as %j", (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  test("never has anything that a terminal obeys, nor more than it may have", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 50 }), (text, max) => {
        const shown = printable(text, max);
        expect(shown).not.toMatch(OBEYED);
        expect(shown.length).toBeLessThanOrEqual(max);
        expect(printableSource(text)).not.toMatch(OBEYED);
      }),
    );
  });

  test("in JSON is read back as it was", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const json = printableJson(JSON.stringify({ text }));
        expect(json).not.toMatch(OBEYED);
        expect(JSON.parse(json)).toEqual({ text });
      }),
    );
  });

  test("in a list is cut, and the rest is counted", () => {
    expect(printableList(["h2", "x".repeat(99)], { max: 4 })).toBe("h2, xxx…");
    expect(printableList(Array(63).fill("\n"), { most: 2 })).toBe("\\n, \\n and 61 more");
  });
});

test("a styled line keeps its colours and nothing else that a terminal obeys", () => {
  const line = "\u001b[1mbold\u001b[0m \u001b]0;title\u0007\u009b31m\n\u202e";
  expect(printableStyled(line)).toBe("\u001b[1mbold\u001b[0m \\x1b]0;title\\x07\\x9b31m\\n\\u202e");
});

test("the line ends of JSON that people read stay", () => {
  const value = { text: "a\nb\u009b\u2028" };
  const json = printableJson(JSON.stringify(value, null, 2));
  expect(json).toBe('{\n  "text": "a\\nb\\u009b\\u2028"\n}');
  expect(JSON.parse(json)).toEqual(value);
});

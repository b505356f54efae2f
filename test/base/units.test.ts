import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatDuration, formatSize, parseDuration, parseSize } from "../../src/base/units.ts";

const whole = fc.oneof(fc.integer({ min: 0, max: 10_000_000 }), fc.maxSafeNat());

describe("a duration", () => {
  test.each([
    ["0", 0],
    ["0s", 0],
    ["1ms", 1],
    ["250ms", 250],
    ["5s", 5000],
    ["90s", 90_000],
    ["1.5m", 90_000],
    ["1h", 3_600_000],
    ["0.001s", 1],
    ["8.2m", 492_000],
    ["1.005s", 1005],
    ["0.50h", 1_800_000],
    ["007s", 7000],
  ] as const)("%p is %p ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    [""],
    ["5"],
    ["s"],
    ["1 h"],
    [" 1h"],
    ["1h "],
    ["-1s"],
    ["+1s"],
    ["1e3s"],
    [".5s"],
    ["5.s"],
    ["1h30m"],
    ["1w"],
    ["1S"],
    ["1us"],
    ["0.5ms"],
    ["1.0005s"],
    ["1constructor"],
    ["99999999999999999999h"],
    ["9007199254740993ms"],
  ])("%p is none", (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  test.each([
    [0, "0"],
    [1, "1ms"],
    [999, "999ms"],
    [1000, "1s"],
    [90_000, "90s"],
    [120_000, "2m"],
    [3_600_000, "1h"],
    [5_400_000, "90m"],
  ] as const)("%p ms are written %p", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test("is the same after it was written and read", () => {
    fc.assert(
      fc.property(whole, (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });

  test("of whole milliseconds may be written in seconds with a point", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999 }), (ms) => {
        const [seconds, fraction] = [Math.floor(ms / 1000), ms % 1000];
        const text = `${seconds}.${String(fraction).padStart(3, "0")}s`;
        expect(parseDuration(text)).toBe(ms);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a size", () => {
  test.each([
    ["0", 0],
    ["512B", 512],
    ["64KiB", 65_536],
    ["1MiB", 1_048_576],
    ["1.5GiB", 1_610_612_736],
    ["0.5KiB", 512],
  ] as const)("%p is %p bytes", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each([["1MB"], ["1mib"], ["1 MiB"], ["64K"], ["0.3KiB"], ["1.5B"], ["100"], ["9999999GiB"]])(
    "%p is none",
    (text) => {
      expect(parseSize(text)).toBeNull();
    },
  );

  test.each([
    [0, "0"],
    [1023, "1023B"],
    [1024, "1KiB"],
    [268_435_456, "256MiB"],
    [1_610_612_736, "1536MiB"],
  ] as const)("%p bytes are written %p", (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  test("is the same after it was written and read", () => {
    fc.assert(
      fc.property(whole, (bytes) => {
        expect(parseSize(formatSize(bytes))).toBe(bytes);
      }),
    );
  });
});

test("any text is a quantity that is whole and not negative, or none", () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{0,30}(ms|s|m|h|B|KiB|MiB|GiB)?$/));
  fc.assert(
    fc.property(text, (text) => {
      for (const value of [parseDuration(text), parseSize(text)]) {
        if (value !== null) expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
      }
    }),
    { numRuns: 1000 },
  );
});

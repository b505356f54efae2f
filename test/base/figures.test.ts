// Numbers for people.
import { expect, test } from "bun:test";
import {
  ageFigure,
  ageSince,
  countFigure,
  delayFigure,
  rateFigure,
  sizeFigure,
  sizeRateFigure,
} from "../../src/base/figures.ts";

test.each([
  [0, "0"],
  [9999, "9999"],
  [10_000, "10.0k"],
  [99_960, "100k"],
  [999_499, "999k"],
  [999_500, "1.00M"],
  [1.5e15, "1.50P"],
  [1e20, "100000P"],
])("a count of %d is %s", (value, text) => expect(countFigure(value)).toBe(text));

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.00 KiB"],
  [1024 * 1024 - 1, "1.00 MiB"],
  [36_175_872, "34.5 MiB"],
  [1024 ** 4 * 250, "250 TiB"],
])("%d bytes are %s", (bytes, text) => expect(sizeFigure(bytes)).toBe(text));

test.each([
  [null, "-"],
  [0, "0"],
  [0.01, "0.1"],
  [12.54, "12.5"],
  [99.96, "100"],
  [12_345, "12.3k"],
])("a rate of %p is %s", (rate, text) => expect(rateFigure(rate)).toBe(text));

test.each([
  [null, "-"],
  [0.1, "0"],
  [2048, "2.00 KiB/s"],
])("%p bytes a second are %s", (rate, text) => expect(sizeRateFigure(rate)).toBe(text));

test.each([
  [null, "-"],
  [0.04, "0 ms"],
  [0.36, "0.4 ms"],
  [9.96, "10 ms"],
  [1999, "2.00 s"],
])("a delay of %p ms is %s", (ms, text) => expect(delayFigure(ms)).toBe(text));

test.each([
  [-5, "0s"],
  [99.4, "99s"],
  [99.5, "2m"],
  [5970, "2h"],
  [172_800, "2d"],
])("%d seconds are %s", (seconds, text) => expect(ageFigure(seconds)).toBe(text));

test("an instant is so old", () => {
  expect(ageSince("2026-01-01T00:00:00.000Z", Date.UTC(2026, 0, 1, 0, 3))).toBe("3m");
});

import { expect, test } from "bun:test";
import { longestGap, median, medianRatio, percentile, spread } from "./statistics.ts";

test.each([
  [[3], 3],
  [[3, 1, 2], 2],
  [[4, 1, 3, 2], 2.5],
  [[10, 9, 100], 10],
])("the median of %p is %p", (values, expected) => {
  expect(median(values)).toBe(expected);
});

test("there is no median of nothing", () => {
  expect(() => median([])).toThrow();
  expect(spread([])).toBeNull();
});

test("a spread is the median with both ends", () => {
  expect(spread([5, 1, 2])).toEqual({ median: 2, min: 1, max: 5 });
});

test.each([
  [0.5, 50],
  [0.99, 99],
  [0.999, 100],
  [1, 100],
  [0, 1],
])("of 1 to 100, %p are not above %p", (share, expected) => {
  const values = Float64Array.from({ length: 100 }, (_, i) => i + 1);
  expect(percentile(values, share)).toBe(expected);
});

test("a ratio is taken within each round, and the median of them is told", () => {
  // The second round was slow for both: a ratio of medians would not see that they are alike there.
  const rounds = [
    { bal: 10, other: 5 },
    { bal: 2, other: 2 },
    { bal: 12, other: 4 },
  ];
  expect(medianRatio(rounds, "bal", "other")).toBe(2);
});

test("rounds that lack one of the two don't count", () => {
  expect(medianRatio([{ bal: 1 }, { bal: 3, other: 1 }], "bal", "other")).toBe(3);
  expect(medianRatio([{ bal: 1 }], "bal", "other")).toBeNull();
});

test("there is no ratio to zero", () => {
  expect(medianRatio([{ bal: 1, other: 0 }], "bal", "other")).toBeNull();
  expect(medianRatio([{ bal: 0, other: 0 }], "bal", "other")).toBeNull();
});

test.each([
  [[], 0, 10, 10],
  [[1, 2, 9], 0, 10, 7],
  [[6, 7, 8], 0, 10, 6],
  [[1, 2, 3], 0, 10, 7],
])("the longest gap of %p between %p and %p is %p", (events, from, to, expected) => {
  expect(longestGap(events, from, to)).toBe(expected);
});

import { expect, test } from "bun:test";
import { digits, rowsOf } from "./report/summary.ts";
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

test("there is no ratio to zero, nor of what is below it", () => {
  expect(medianRatio([{ bal: 1, other: -1 }], "bal", "other")).toBeNull();
  expect(medianRatio([{ bal: -1, other: 1 }], "bal", "other")).toBeNull();
  expect(medianRatio([{ bal: 0, other: 1 }], "bal", "other")).toBe(0);
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

test.each([
  [0, "0"],
  [0.12345, "0.123"],
  [-1.2345, "-1.23"],
  [1.2345, "1.23"],
  [12.345, "12.3"],
  [123.45, "123"],
  [123456.7, "123,457"],
])("%p is told as %p", (value, expected) => {
  expect(digits(value)).toBe(expected);
});

test("a row has a cell for each rival, and a figure that nobody read has no row", () => {
  const figure = (name: string) => ({ name, title: "", unit: "ms", lowerIsBetter: true });
  const question = {
    name: "q",
    title: "",
    notes: [],
    programs: [],
    isForDirect: true,
    figures: [figure("read"), figure("unread")],
    ask: async () => ({}),
  };
  const measurements = [
    { round: 1, rival: "bal", readings: { read: 2 }, failure: null },
    { round: 1, rival: "other", readings: { read: 1 }, failure: null },
    { round: 2, rival: "bal", readings: { read: 4 }, failure: null },
    { round: 2, rival: "other", readings: {}, failure: "it ended" },
  ];
  expect(rowsOf({ question, measurements }, ["bal", "other", "absent"])).toEqual([
    {
      figure: figure("read"),
      cells: [
        { rival: "bal", spread: { median: 3, min: 2, max: 4 }, ratio: null, failures: 0 },
        { rival: "other", spread: { median: 1, min: 1, max: 1 }, ratio: 2, failures: 1 },
        { rival: "absent", spread: null, ratio: null, failures: 0 },
      ],
    },
  ]);
});

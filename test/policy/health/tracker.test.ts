// rise and fall: what a row of results makes of a backend, each result told apart.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isUndecided, type Track, track, untracked } from "../../../src/policy/health/tracker.ts";

const thresholds = { rise: 2, fall: 3 };

/** `+` is a check that passed, `-` one that failed. */
function follow(results: string, { rise, fall } = thresholds, from: Track = untracked): Track[] {
  const tracks: Track[] = [];
  for (const result of results) {
    tracks.push(track(tracks.at(-1) ?? from, result === "+", { rise, fall }));
  }
  return tracks;
}

const healths = (results: string, given = thresholds) =>
  follow(results, given).map(({ health }) => health);

test.each([
  ["the first pass is up, whatever rise says", "+", ["up"]],
  ["a first failure decides nothing", "-", ["unknown"]],
  ["unknown needs fall failures to be down", "---", ["unknown", "unknown", "down"]],
  ["a pass after failures of an unknown one is up", "--+", ["unknown", "unknown", "up"]],
  ["up needs fall failures in a row", "+---", ["up", "up", "up", "down"]],
  ["down needs rise passes in a row", "---++", ["unknown", "unknown", "down", "down", "up"]],
])("%s", (_, results, expected) => {
  expect(healths(results)).toEqual(expected as ReturnType<typeof healths>);
});

describe("a result resets the opposite count", () => {
  test("one pass between failures: the failures begin anew", () => {
    expect(follow("+--+--").at(-1)).toEqual({ health: "up", passes: 0, failures: 2 });
    expect(healths("+--+---").at(-1)).toBe("down");
  });

  test("one failure between passes: the passes begin anew", () => {
    expect(follow("---+-+").at(-1)).toEqual({ health: "down", passes: 1, failures: 0 });
    expect(healths("---+-++").at(-1)).toBe("up");
  });

  test("never are both counts above zero, and one of them always is", () => {
    const results = fc.array(fc.constantFrom("+", "-"), { minLength: 1, maxLength: 40 });
    const limit = fc.integer({ min: 1, max: 10 });
    fc.assert(
      fc.property(results, limit, limit, (row, rise, fall) => {
        for (const { passes, failures } of follow(row.join(""), { rise, fall })) {
          expect(Math.min(passes, failures)).toBe(0);
          expect(Math.max(passes, failures)).toBeGreaterThan(0);
        }
      }),
    );
  });
});

test("up changes to down only after fall failures, and back only after rise passes", () => {
  const results = fc.array(fc.constantFrom("+", "-"), { maxLength: 60 });
  const limit = fc.integer({ min: 1, max: 5 });
  fc.assert(
    fc.property(results, limit, limit, (row, rise, fall) => {
      const text = row.join("");
      const seen = ["unknown", ...healths(text, { rise, fall })];
      for (let nth = 0; nth < text.length; nth++) {
        const [before, after] = [seen[nth], seen[nth + 1]];
        const last = text.slice(0, nth + 1);
        if (before !== "down" && after === "down") expect(last).toEndWith("-".repeat(fall));
        if (before === "down" && after === "up") expect(last).toEndWith("+".repeat(rise));
        if (before !== "down" && last.endsWith("-".repeat(fall))) expect(after).toBe("down");
        if (before === "down" && last.endsWith("+".repeat(rise))) expect(after).toBe("up");
      }
    }),
  );
});

test("thresholds of one follow every result", () => {
  expect(healths("+-+--+", { rise: 1, fall: 1 })).toEqual([
    "up",
    "down",
    "up",
    "down",
    "down",
    "up",
  ]);
});

test.each([
  ["", true],
  ["-", true],
  ["+", false],
  ["++", false],
  ["+-", true],
  ["+-+", false],
  ["---", false],
  ["----", false],
  ["---+", true],
  ["---+-", false],
  ["---++", false],
])("after `%s` it is undecided: %p", (results, expected) => {
  expect(isUndecided(follow(results).at(-1) ?? untracked)).toBe(expected);
});

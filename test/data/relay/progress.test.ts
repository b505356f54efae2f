// The events that count as progress of a pipe.
import { expect, test } from "bun:test";
import { Progress } from "../../../src/data/relay/progress.ts";

/** Looks once a second, each time with bytes that were written so far, and those that were not taken. */
function movedAt(looks: readonly (readonly [written: number, unsent: number])[]): number[] {
  const progress = new Progress(0);
  return looks.map(([written, unsent], nth) => {
    progress.look((nth + 1) * 1000, written, () => unsent);
    return progress.movedAtMs;
  });
}

test("bytes that the kernel takes are progress", () => {
  const looks = [
    [10, 0],
    [10, 0],
    [20, 0],
  ] as const;
  expect(movedAt(looks)).toEqual([1000, 1000, 3000]);
});

test("bytes that the peer takes out of a full send buffer are progress, as long as it does", () => {
  const looks = [
    [100, 100],
    [100, 100],
    [100, 80],
    [100, 80],
    [100, 0],
    [100, 0],
  ] as const;
  expect(movedAt(looks)).toEqual([1000, 1000, 3000, 3000, 5000, 5000]);
});

test("where nothing is on its way nobody asks the kernel", () => {
  const progress = new Progress(0);
  let asked = 0;
  const unsent = () => {
    asked++;
    return 0;
  };
  for (const nowMs of [1000, 2000, 3000]) progress.look(nowMs, 0, unsent);
  expect(asked).toBe(0);
  for (const nowMs of [4000, 5000, 6000]) progress.look(nowMs, 7, unsent);
  expect(asked).toBe(1);
});

test("a reader moves when its peer has taken something since the last look", () => {
  const progress = new Progress(0);
  progress.look(1000, 100, () => 80);
  expect([100, 120].map((written) => progress.isMoving(written, written - 20))).toEqual([
    false,
    false,
  ]);
  expect(progress.isMoving(100, 79)).toBe(true);
});

test("before the first look it moves when its peer has taken more than it does without reading", () => {
  const progress = new Progress(0);
  expect(progress.isMoving(90_000, 30_000)).toBe(false);
  expect(progress.isMoving(90_000, 20_000)).toBe(true);
});

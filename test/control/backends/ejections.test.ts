// How long an ejection lasts, on a clock that the test moves.
import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { Ejections } from "../../../src/control/backends/ejections.ts";
import { Board } from "../../../src/shared/board.ts";
import { EJECTED, PROBE_UP } from "../../../src/shared/health-bits.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const SLOT = 7;
const MINUTE_MS = 60_000;

function ejecting({ random = 0.5 } = {}) {
  const board = new Board();
  const ended: number[] = [];
  const doubts = new Set<number>();
  const ejections = new Ejections(board, {
    onEnd: (slot) => ended.push(slot),
    mayEnd: (slot) => !doubts.has(slot),
    random: () => random,
  });
  board.changeHealth(SLOT, PROBE_UP, 0);
  return {
    board,
    ended,
    /** Those against which checks speak. */
    doubts,
    ejections,
    isEjected: () => (board.healthBits(SLOT) & EJECTED) !== 0,
    /** What a worker does. Returns how long it will last. */
    eject() {
      board.changeHealth(SLOT, EJECTED, 0);
      return ejections.ejected(SLOT);
    },
    [Symbol.dispose]: () => ejections.stop(),
  };
}

test("an ejection ends after a second, and what else is known of the backend stays", () => {
  using under = ejecting();
  expect(under.eject()).toBe(1000);
  jest.advanceTimersByTime(999);
  expect([under.isEjected(), under.ended]).toEqual([true, []]);
  jest.advanceTimersByTime(1);
  expect([under.board.healthBits(SLOT), under.ended]).toEqual([PROBE_UP, [SLOT]]);
});

test("its end forgets the dials that failed: it takes as many again", () => {
  using under = ejecting();
  for (let nth = 0; nth < 3; nth++) under.board.countDialFailure(SLOT);
  under.eject();
  jest.advanceTimersByTime(1000);
  expect(under.board.countDialFailure(SLOT)).toBe(1);
});

test("each one lasts twice as long as the one before, 30 s at most", () => {
  using under = ejecting();
  const lasted = Array.from({ length: 8 }, () => {
    const ms = under.eject();
    jest.advanceTimersByTime(ms);
    expect(under.isEjected()).toBe(false);
    return ms;
  });
  expect(lasted).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test.each([
  [0, [800, 1600]],
  [0.5, [1000, 2000]],
  [1, [1200, 2400]],
])("it is jittered by a fifth either way: at %p", (random, expected) => {
  using under = ejecting({ random });
  const lasted = expected.map(() => {
    const ms = under.eject();
    jest.advanceTimersByTime(Math.ceil(ms));
    return Math.round(ms);
  });
  expect(lasted).toEqual(expected);
});

describe("a passing check", () => {
  test("ends it at once, and only once", () => {
    using under = ejecting();
    under.eject();
    under.ejections.passedCheck(SLOT);
    expect([under.isEjected(), under.ended]).toEqual([false, [SLOT]]);
    under.ejections.passedCheck(SLOT);
    jest.advanceTimersByTime(5000);
    expect(under.ended).toEqual([SLOT]);
  });

  test("does not end the next one: a backend that fails its dials is out ever longer", () => {
    using under = ejecting();
    const lasted = Array.from({ length: 4 }, (_, nth) => {
      const ms = under.eject();
      under.ejections.passedCheck(SLOT);
      expect(under.isEjected()).toBe(nth > 0);
      jest.advanceTimersByTime(ms);
      expect(under.isEjected()).toBe(false);
      return ms;
    });
    expect(lasted).toEqual([1000, 2000, 4000, 8000]);
  });

  test("of a backend that was never ejected is nothing", () => {
    using under = ejecting();
    under.ejections.passedCheck(SLOT);
    expect([under.board.healthBits(SLOT), under.ended]).toEqual([PROBE_UP, []]);
  });
});

describe("while checks speak against it", () => {
  test("its time does not end it; it ends a second after they do not", () => {
    using under = ejecting();
    under.doubts.add(SLOT);
    under.eject();
    jest.advanceTimersByTime(20_000);
    expect([under.isEjected(), under.ended]).toEqual([true, []]);
    under.doubts.clear();
    jest.advanceTimersByTime(1000);
    expect([under.isEjected(), under.ended]).toEqual([false, [SLOT]]);
  });

  test("a passing check ends it at once, and no timer of it is left", () => {
    using under = ejecting();
    under.doubts.add(SLOT);
    under.eject();
    jest.advanceTimersByTime(5000);
    under.ejections.passedCheck(SLOT);
    expect([under.isEjected(), under.ended]).toEqual([false, [SLOT]]);
    expect(jest.getTimerCount()).toBe(0);
  });

  test("a slot that is forgotten meanwhile leaves no timer either", () => {
    using under = ejecting();
    under.doubts.add(SLOT);
    under.eject();
    jest.advanceTimersByTime(5000);
    under.ejections.forget(SLOT);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe("a minute of good dials", () => {
  test("forgets the step", () => {
    using under = ejecting();
    for (let i = 0; i < 3; i++) jest.advanceTimersByTime(under.eject());
    jest.advanceTimersByTime(MINUTE_MS);
    expect(under.eject()).toBe(1000);
  });

  test("is counted from the end of the ejection, and a moment less keeps the step", () => {
    using under = ejecting();
    for (let i = 0; i < 3; i++) jest.advanceTimersByTime(under.eject());
    jest.advanceTimersByTime(MINUTE_MS - 1);
    expect(under.eject()).toBe(8000);
  });
});

test("ejected again while it is: the longer time counts, from now on", () => {
  using under = ejecting();
  under.eject();
  jest.advanceTimersByTime(500);
  expect(under.eject()).toBe(2000);
  jest.advanceTimersByTime(1999);
  expect(under.isEjected()).toBe(true);
  jest.advanceTimersByTime(1);
  expect([under.isEjected(), under.ended]).toEqual([false, [SLOT]]);
});

test("a slot that was forgotten is another backend's: nothing ends there, and it begins anew", () => {
  using under = ejecting();
  under.eject();
  under.ejections.forget(SLOT);
  jest.advanceTimersByTime(5000);
  expect(under.ended).toEqual([]);
  expect(under.eject()).toBe(1000);
});

test("two backends have a step each", () => {
  using under = ejecting();
  under.eject();
  jest.advanceTimersByTime(1000);
  expect([under.eject(), under.ejections.ejected(SLOT + 1)]).toEqual([2000, 1000]);
});

test("after stop no timer is left", () => {
  using under = ejecting();
  under.eject();
  under.ejections.stop();
  expect(jest.getTimerCount()).toBe(0);
  jest.advanceTimersByTime(5000);
  expect(under.ended).toEqual([]);
});

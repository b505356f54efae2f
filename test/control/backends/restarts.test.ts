// For how long a backend that was up and refuses is expected back, on a clock that the test moves.
import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { Restarts } from "../../../src/control/backends/restarts.ts";
import { Board } from "../../../src/shared/board.ts";
import { EXPECTED, PROBE_DOWN, PROBE_UP } from "../../../src/shared/health-bits.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const SLOT = 7;
const CONNECT_TOTAL_MS = 6000;

function restarting(bits = PROBE_UP) {
  const board = new Board();
  const late: number[] = [];
  const restarts = new Restarts(board, (slot) => late.push(slot));
  board.changeHealth(SLOT, bits, 0);
  return {
    ...{ late, restarts },
    goesDown(code: string | null) {
      restarts.goesDown(SLOT, code, CONNECT_TOTAL_MS);
      board.changeHealth(SLOT, PROBE_DOWN, PROBE_UP);
    },
    isExpected: () => (board.healthBits(SLOT) & EXPECTED) !== 0,
    [Symbol.dispose]: () => restarts.stop(),
  };
}

test.each([
  ["a port that refuses", "ECONNREFUSED", true],
  ["a unix socket that is gone", "ENOENT", true],
  ["a host that does not answer", "ETIMEDOUT", false],
  ["a check that was connected and got another answer", null, false],
])("%s: %s", (_, code, isExpected) => {
  using under = restarting();
  under.goesDown(code);
  expect(under.isExpected()).toBe(isExpected);
});

test("one that was never up is not expected", () => {
  using under = restarting(0);
  under.goesDown("ECONNREFUSED");
  expect(under.isExpected()).toBe(false);
});

test("it is expected as long as a client may wait for its dial", () => {
  using under = restarting();
  under.goesDown("ECONNREFUSED");
  jest.advanceTimersByTime(CONNECT_TOTAL_MS - 1);
  expect([under.isExpected(), under.late]).toEqual([true, []]);
  jest.advanceTimersByTime(1);
  expect([under.isExpected(), under.late]).toEqual([false, [SLOT]]);
});

test("further checks that are refused change nothing; one that gets a wrong answer does", () => {
  using under = restarting();
  under.goesDown("ECONNREFUSED");
  under.restarts.failedCheck(SLOT, "ECONNREFUSED");
  expect(under.isExpected()).toBe(true);
  under.restarts.failedCheck(SLOT, null);
  expect(under.isExpected()).toBe(false);
  jest.advanceTimersByTime(CONNECT_TOTAL_MS);
  expect(under.late).toEqual([]);
});

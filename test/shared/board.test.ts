import { describe, expect, test } from "bun:test";
import { Board } from "../../src/shared/board.ts";
import {
  backendState,
  DRAINING,
  EJECTED,
  isEligible,
  PROBE_DOWN,
  PROBE_UP,
  UNRESOLVED,
} from "../../src/shared/health-bits.ts";

describe("health bits", () => {
  test.each([
    [0, "unknown", true],
    [PROBE_UP, "up", true],
    [PROBE_DOWN, "down", false],
    [PROBE_UP | EJECTED, "ejected", false],
    [PROBE_DOWN | EJECTED, "down", false],
    [UNRESOLVED | PROBE_DOWN, "unresolved", false],
    [DRAINING | UNRESOLVED | PROBE_DOWN | EJECTED, "draining", false],
  ] as const)("%p is %p, eligible: %p", (bits, state, eligible) => {
    expect([backendState(bits), isEligible(bits)]).toEqual([state, eligible]);
  });

  test("a change tells every thread, no change tells none", () => {
    const board = new Board();
    const other = new Board(board.memory);
    const before = other.eligibilityVersion();
    expect(board.changeHealth(7, PROBE_UP, PROBE_DOWN)).toBe(true);
    expect(other.healthBits(7)).toBe(PROBE_UP);
    expect(other.eligibilityVersion()).toBe(before + 1);
    expect(board.changeHealth(7, PROBE_UP, PROBE_DOWN)).toBe(false);
    expect(other.eligibilityVersion()).toBe(before + 1);
  });
});

describe("counters", () => {
  test("are summed over the workers that write them", () => {
    const board = new Board();
    board.countBackend(0, 3, "bytesUp", 10);
    board.countBackend(5, 3, "bytesUp", 32);
    board.takeBackend(0, 3);
    board.takeBackend(5, 3);
    expect([board.backendTotal(3, "bytesUp"), board.backendSessions(3)]).toEqual([42, 2]);
  });

  test("a worker that ended takes its sessions with it and leaves its totals", () => {
    const board = new Board();
    board.enterSession(1, 10);
    board.takeBackend(1, 3);
    board.openSession(1, 0);
    board.countBackend(1, 3, "connections", 1);
    board.addBuffered(1, 999);
    board.forgetWorker(1);
    expect({
      sessions: board.sessions(),
      backend: board.backendSessions(3),
      listener: board.listenerSessions(0),
      buffered: board.bufferedBytes(),
      total: board.backendTotal(3, "connections"),
    }).toEqual({ sessions: 0, backend: 0, listener: 0, buffered: 0, total: 1 });
  });

  test("a row that is given to another backend holds nothing of the last one", () => {
    const board = new Board();
    board.countBackend(2, 9, "bytesDown", 5);
    board.countDialFailure(9);
    board.resetSlot(9, UNRESOLVED);
    expect(board.backendTotal(9, "bytesDown")).toBe(0);
    expect(board.countDialFailure(9)).toBe(1);
    expect(board.healthBits(9)).toBe(UNRESOLVED);
  });
});

test("no more than the limit of sessions gets in, over all workers", () => {
  const board = new Board();
  const entered = [0, 1, 0, 1].map((worker) => board.enterSession(worker, 3));
  expect(entered).toEqual([true, true, true, false]);
  board.leaveSession(0);
  expect(board.enterSession(1, 3)).toBe(true);
});

test("tickets are drawn in turn and stay unsigned", () => {
  const board = new Board();
  expect([board.drawTicket(0), board.drawTicket(0), board.drawTicket(1)]).toEqual([0, 1, 0]);
});

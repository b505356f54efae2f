// A dial that fails: what it does to the backend (the third in a row ejects it, whoever dialled), and where
// the client goes next.
import { afterAll, beforeEach, describe, expect, spyOn, test } from "bun:test";
import { Dial } from "../../../src/data/dial/dial.ts";
import { Pool } from "../../../src/data/dial/pool.ts";
import { Board } from "../../../src/shared/board.ts";
import { EJECTED, PROBE_UP } from "../../../src/shared/health-bits.ts";
import { backendOf, poolOf, sessionLimits } from "../../support/generation.ts";

const SLOT = 3;
const limits = sessionLimits();

/** A backend with so many addresses, and dials of it by workers that share the board. */
function dialling({ addresses = 1 } = {}) {
  const board = new Board();
  const messages: unknown[] = [];
  const local: string[] = [];
  const endpoints = Array.from({ length: addresses }, (_, nth) => ({
    family: 4 as const,
    ip: `10.0.0.${nth + 1}`,
    port: 80,
  }));
  const pool = new Pool(0, board);
  pool.update(poolOf([backendOf(SLOT, { endpoints })]));
  const dial = (worker = 0) => {
    const thread = {
      worker,
      board,
      connect: () => 0,
      budget: { boundReceive: () => 0 },
      post: (message: unknown) => messages.push(message),
      reportLocalError: (_: number, code: string) => local.push(code),
    };
    const session: any = {
      limits,
      thread,
      slot: -1,
      trace: null,
      up: { pendingBytes: 0 },
      enter() {},
      takeBackend(slot: number) {
        session.slot = slot;
      },
      releaseBackend() {
        session.slot = -1;
      },
    };
    const made = new Dial(session, {
      origin: { poolOf: () => pool },
      pool,
      nowMs: 0,
    });
    expect(made.next(0)).toBeNull();
    return made;
  };
  return { board, messages, local, dial, isEjected: () => board.healthBits(SLOT) === EJECTED };
}

const told = (error: string) => ({ kind: "ejected", slot: SLOT, error });

test("the third failure in a row ejects, over all workers, and is told once", () => {
  const { dial, messages, isEjected } = dialling();
  dial(0).failed("ECONNREFUSED");
  dial(1).failed("ECONNREFUSED");
  expect([isEjected(), messages]).toEqual([false, []]);
  dial(2).failed("ETIMEDOUT");
  expect([isEjected(), messages]).toEqual([true, [told("ETIMEDOUT")]]);
  dial(0).failed("ECONNREFUSED");
  expect(messages).toHaveLength(1);
});

test("a dial that succeeds begins the count anew", () => {
  const { dial, messages, isEjected } = dialling();
  for (let round = 0; round < 3; round++) {
    dial().failed("ECONNREFUSED");
    dial().failed("ECONNREFUSED");
    dial().succeeded();
  }
  expect([isEjected(), messages]).toEqual([false, []]);
});

test("the first failure after an ejection ejects again", () => {
  const { board, dial, messages } = dialling();
  for (let i = 0; i < 3; i++) dial().failed("ECONNREFUSED");
  board.changeHealth(SLOT, 0, EJECTED);
  dial().failed("ECONNREFUSED");
  expect(messages).toEqual([told("ECONNREFUSED"), told("ECONNREFUSED")]);
});

describe("what is no failure of the backend", () => {
  test("this host's own trouble ejects nobody", () => {
    const { board, dial, messages, local, isEjected } = dialling();
    for (let i = 0; i < 5; i++) dial().failed("EADDRNOTAVAIL");
    expect([isEjected(), messages]).toEqual([false, []]);
    expect(local).toEqual(Array(5).fill("EADDRNOTAVAIL"));
    expect(board.backendTotal(SLOT, "dialLocal")).toBe(5);
  });

  test("one address of several: only when all have failed", () => {
    const { board, dial, isEjected } = dialling({ addresses: 2 });
    for (let i = 0; i < 3; i++) {
      const one = dial();
      one.failed("ECONNREFUSED");
      expect(isEjected()).toBe(false);
      one.failed("EHOSTUNREACH");
    }
    expect(isEjected()).toBe(true);
    expect([
      board.backendTotal(SLOT, "dialRefused"),
      board.backendTotal(SLOT, "dialUnreachable"),
    ]).toEqual([3, 3]);
  });
});

describe("where the client goes next", () => {
  let nowMs = 0;
  const clock = spyOn(performance, "now").mockImplementation(() => nowMs);
  afterAll(() => clock.mockRestore());
  beforeEach(() => {
    nowMs = 0;
  });

  /** A client of a listener whose pool may change, and the backends that it was connected to. */
  function client({ bits = PROBE_UP, addresses = 1 } = {}) {
    const board = new Board();
    const dialled: number[] = [];
    const ends: string[] = [];
    const pools = [1, 2].map((slot) => {
      const endpoints = Array.from({ length: addresses }, (_, nth) => ({
        family: 4 as const,
        ip: `10.0.${slot}.${nth + 1}`,
        port: 80,
      }));
      const pool = new Pool(slot, board);
      pool.update(poolOf([backendOf(slot, { endpoints })], { slot, isChecked: true }));
      board.changeHealth(slot, bits, 0);
      return pool;
    });
    const choice = { poolOf: () => pools[0]! };
    const session: any = {
      ...{ limits, slot: -1, trace: null, hello: null, backend: null, up: { pendingBytes: 0 } },
      thread: {
        worker: 0,
        board,
        budget: { boundReceive: () => 0 },
        connect: () => dialled.push(session.slot) * 0,
        post() {},
      },
      enter(_: Dial, phase: string) {
        session.phase = phase;
      },
      takeBackend(slot: number) {
        session.slot = slot;
      },
      releaseBackend() {
        session.slot = -1;
      },
      end: (end: string) => ends.push(end),
    };
    const dial = new Dial(session, { origin: choice, pool: pools[0]!, nowMs: 0 });
    dial.go();
    const reload = () => {
      choice.poolOf = () => pools[1]!;
    };
    return { board, dial, dialled, ends, reload };
  }

  test("a backend that refuses though its checks pass is dialled again, ever later", () => {
    const { dial, dialled, ends } = client();
    const pauses: number[] = [];
    while (ends.length === 0) {
      dial.attemptFailed("ECONNREFUSED");
      if (ends.length > 0) break;
      pauses.push(dial.deadlineMs - nowMs);
      nowMs = dial.deadlineMs;
      dial.deadlinePassed();
    }
    expect(pauses).toEqual([50, 100, 200, 400, 800, 1000, 1000, 1000, 1000]);
    expect(dialled).toHaveLength(pauses.length + 1);
    expect(ends).toEqual(["dialFailed"]);
    expect(nowMs).toBeLessThan(limits.connectTotalMs);
  });

  test("one whose checks fail, or that hangs, is not", () => {
    const down = client({ bits: 0 });
    down.dial.attemptFailed("ECONNREFUSED");
    expect([down.dialled, down.ends]).toEqual([[1], ["dialFailed"]]);
    const hanging = client();
    hanging.dial.attemptFailed("ETIMEDOUT");
    expect([hanging.dialled, hanging.ends]).toEqual([[1], ["dialTimeout"]]);
  });

  test("a reload that moves the listener takes a dial along, and its old backend has failed once", () => {
    const { board, dial, dialled, ends, reload } = client({ addresses: 2 });
    reload();
    dial.attemptFailed("ETIMEDOUT");
    expect([dialled, ends]).toEqual([[1, 2], []]);
    expect(board.backendTotal(1, "dialTimeout")).toBe(1);
    expect(board.backendTotal(1, "dialUnreachable")).toBe(0);
  });

  test("a reload that moves the listener takes a client along that pauses", () => {
    const { dial, dialled, ends, reload } = client();
    dial.attemptFailed("ECONNREFUSED");
    reload();
    dial.deadlinePassed();
    expect([dialled, ends]).toEqual([[1, 2], []]);
  });
});

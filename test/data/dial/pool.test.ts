// Tiers: the lowest that has an eligible backend serves.
import { expect, test } from "bun:test";
import { FULL, Pool } from "../../../src/data/dial/pool.ts";
import { Board } from "../../../src/shared/board.ts";
import {
  DRAINING,
  EJECTED,
  EXPECTED,
  PROBE_DOWN,
  PROBE_UP,
} from "../../../src/shared/health-bits.ts";
import { backendOf, poolOf, sessionLimits } from "../../support/generation.ts";

function poolWith(...tiers: readonly number[]): { readonly board: Board; readonly pool: Pool } {
  const board = new Board();
  const pool = new Pool(0, board);
  pool.update(poolOf(tiers.map((tier, slot) => backendOf(slot, { tier, maxConnections: 2 }))));
  return { board, pool };
}

/** The backends that clients get. */
function picks(pool: Pool, tried: readonly number[] = []): readonly number[] {
  return [...new Set(Array.from({ length: 20 }, () => pool.pick(tried)))].sort();
}

test("tier after tier, as they go down, and back", () => {
  const { board, pool } = poolWith(0, 65_536, 7, 0, 7);
  expect(picks(pool)).toEqual([0, 3]);
  board.changeHealth(0, PROBE_DOWN, 0);
  expect(picks(pool)).toEqual([3]);
  board.changeHealth(3, PROBE_DOWN, 0);
  expect(picks(pool)).toEqual([2, 4]);
  for (const slot of [2, 4]) board.changeHealth(slot, PROBE_DOWN, 0);
  expect(picks(pool)).toEqual([1]);
  board.changeHealth(4, 0, PROBE_DOWN);
  expect(picks(pool)).toEqual([4]);
  board.changeHealth(0, 0, PROBE_DOWN);
  expect(picks(pool)).toEqual([0]);
});

test("with none eligible all are tried, from the lowest tier on", () => {
  const { board, pool } = poolWith(2, 1);
  for (const slot of [0, 1]) board.changeHealth(slot, PROBE_DOWN, 0);
  expect(picks(pool)).toEqual([1]);
  expect(picks(pool, [1])).toEqual([0]);
  expect(picks(pool, [0, 1])).toEqual([-1]);
});

test("a tier that is full is not down", () => {
  const { board, pool } = poolWith(0, 1, 2);
  for (let i = 0; i < 2; i++) board.takeBackend(0, 0);
  expect(picks(pool)).toEqual([FULL]);
  expect(picks(pool, [0])).toEqual([1]);
});

test("a backend that is ejected though its checks pass is expected back, when another one refuses", () => {
  const board = new Board();
  const pool = new Pool(0, board);
  pool.update(poolOf([backendOf(0), backendOf(1)], { isChecked: true }));
  expect(pool.isExpectedBack(0)).toBe(false);
  board.changeHealth(1, PROBE_UP, 0);
  expect(pool.isExpectedBack(0)).toBe(false);
  board.changeHealth(1, EJECTED, 0);
  expect(pool.isExpectedBack(0)).toBe(true);
});

test("a backend that is down and may be restarting is expected back, unless it drains", () => {
  const board = new Board();
  const pool = new Pool(0, board);
  pool.update(poolOf([backendOf(0), backendOf(1)], { isChecked: true }));
  board.changeHealth(1, PROBE_DOWN | EXPECTED, 0);
  expect(pool.isExpectedBack(0)).toBe(true);
  board.changeHealth(1, DRAINING, 0);
  expect(pool.isExpectedBack(0)).toBe(false);
});

test("clients wait for one that may be restarting where those that are down are not dialled", () => {
  const board = new Board();
  const pool = new Pool(0, board);
  const serving = { failsOpen: false, tellsRole: true };
  pool.update(poolOf([backendOf(0), backendOf(1)], { serving }));
  for (const slot of [0, 1]) board.changeHealth(slot, PROBE_DOWN, 0);
  expect(pool.longestWaitMs(sessionLimits())).toBe(0);
  board.changeHealth(1, EXPECTED, 0);
  expect([pool.pick([]), pool.longestWaitMs(sessionLimits())]).toEqual([-1, 6000]);
  board.changeHealth(0, PROBE_UP, PROBE_DOWN);
  expect([pool.pick([]), pool.longestWaitMs(sessionLimits())]).toEqual([0, 0]);
});

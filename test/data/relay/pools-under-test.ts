// Two pools for a simulation: clients of a listener go to the one or the other, sessions of others take
// places and give them back.
import { expect } from "bun:test";
import { Pool } from "../../../src/data/dial/pool.ts";
import type { Session } from "../../../src/data/relay/session.ts";
import type { Board } from "../../../src/shared/board.ts";
import {
  EXPECTED,
  PROBE_DOWN,
  PROBE_UP,
  type ServingRules,
} from "../../../src/shared/health-bits.ts";
import { backendOf, poolOf } from "../../support/generation.ts";

/** Backends of either pool. */
const SLOTS = [
  [0, 1, 2],
  [3, 4],
] as const;
const OTHER_WORKER = 1;

export class PoolsUnderTest {
  /** Where the listener's clients go. */
  current: Pool;
  private readonly board: Board;
  private readonly pools: readonly [Pool, Pool];
  /** Places that other sessions have. */
  private readonly taken: number[] = [];
  private readonly serving: ServingRules;
  private readonly random: () => number;

  constructor(board: Board, random: () => number) {
    this.board = board;
    this.random = random;
    this.serving = { failsOpen: random() < 0.5, tellsRole: random() < 0.5 };
    this.pools = [new Pool(0, board), new Pool(1, board)];
    this.current = this.pools[0];
    const endpoints = [{ family: 4 as const, ip: "127.0.0.1", port: 1 }];
    // Some pools have few places, and some of those a queue.
    const maxConnections = random() < 0.4 ? 1 : 0;
    const queue = { size: random() < 0.5 ? 3 : 0, timeoutMs: 1000 };
    for (const [slot, pool] of this.pools.entries()) {
      const backends = SLOTS[slot]!.map((row) => backendOf(row, { endpoints, maxConnections }));
      pool.update(poolOf(backends, { slot, queue, isChecked: true, serving: this.serving }));
    }
    for (const slot of SLOTS.flat()) {
      board.resetSlot(slot, PROBE_UP);
      if (maxConnections > 0 && random() < 0.8) this.taken.push(slot);
    }
    for (const slot of this.taken) board.takeBackend(OTHER_WORKER, slot);
  }

  /** Sessions of others end. */
  freePlaces(): void {
    for (const slot of this.taken.splice(0)) this.board.releaseBackend(OTHER_WORKER, slot);
  }

  /** The listener's clients go to the other pool from now on. */
  reload(): void {
    this.current = this.current === this.pools[0] ? this.pools[1] : this.pools[0];
  }

  /** A check has another result: a backend goes down, perhaps since it restarts, or comes back. */
  check(): void {
    const slot = Math.floor(this.random() * SLOTS.flat().length);
    const isUp = (this.board.healthBits(slot) & PROBE_UP) !== 0;
    if (!isUp) return this.comeBack(slot);
    const expected = this.random() < 0.5 ? EXPECTED : 0;
    this.board.changeHealth(slot, PROBE_DOWN | expected, PROBE_UP);
  }

  /** All pass their checks. */
  heal(): void {
    for (const slot of SLOTS.flat()) this.comeBack(slot);
  }

  private comeBack(slot: number): void {
    this.board.changeHealth(slot, PROBE_UP, PROBE_DOWN | EXPECTED);
  }

  /** A dial begins: it has a place, on the pool that clients go to now. */
  checkDial({ slot, phase }: Session): void {
    expect(phase).toBe("dialing");
    expect(this.current.nameOf(slot)).not.toBeNull();
    expect(this.current.isOver(slot)).toBe(false);
    // One that led a moment ago may lead no more.
    if (!this.serving.failsOpen) expect(this.board.healthBits(slot) & PROBE_DOWN).toBe(0);
  }

  /** Nobody is on a backend or in a queue. */
  checkEmpty(): void {
    for (const slot of SLOTS.flat()) expect(this.board.backendSessions(slot)).toBe(0);
    for (const { slot } of this.pools) expect(this.board.queue.length(slot)).toBe(0);
  }
}

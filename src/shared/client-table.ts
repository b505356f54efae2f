// The open connections and the rate of each client's address, over all threads: a fixed table of
// cells by a keyed hash. Clients whose hashes meet share a cell, and so a limit.
import type { Rate } from "../base/units.ts";
import { CLIENT_CELLS, longs, REGIONS, words } from "./board-layout.ts";
import { LimitedCounters } from "./limited-counters.ts";

const MAX_SEED = 2 ** 32;

export class ClientTable {
  private readonly seed: Int32Array;
  private readonly sessions: LimitedCounters;
  private readonly listenerRates: BigInt64Array;
  private readonly clientRates: BigInt64Array;

  /** @param threads the rows in use */
  constructor(memory: SharedArrayBuffer, threads: readonly number[]) {
    this.seed = words(memory, REGIONS.clientSeed);
    this.sessions = new LimitedCounters(words(memory, REGIONS.clientActive), CLIENT_CELLS, threads);
    this.listenerRates = longs(memory, REGIONS.listenerRates);
    this.clientRates = longs(memory, REGIONS.clientRates);
    // A client that could foresee the hash could choose whom it shares a cell with.
    Atomics.compareExchange(this.seed, 0, 0, Math.floor(Math.random() * MAX_SEED) | 1);
  }

  /** The cell of a client of a listener. */
  cellOf(listener: number, client: string): number {
    const hash = Bun.hash.xxHash32(`${listener} ${client}`, Atomics.load(this.seed, 0) >>> 0);
    return hash % CLIENT_CELLS;
  }

  /** Takes one of a cell's `limit` places for a session; false when there is none. */
  enter(thread: number, cell: number, limit: number): boolean {
    return this.sessions.enter(thread, cell, limit);
  }

  leave(thread: number, cell: number): void {
    this.sessions.leave(thread, cell);
  }

  /** Moves a session from one thread's rows to another's; it is never uncounted. */
  handOver(from: number, to: number, cell: number): void {
    this.sessions.take(to, cell);
    this.sessions.leave(from, cell);
  }

  /** Takes a token of a listener's bucket; false when it is empty. */
  passListener(listener: number, rate: Rate): boolean {
    return pass(this.listenerRates, listener, rate);
  }

  /** Takes a token of a cell's bucket; false when it is empty. */
  passClient(cell: number, rate: Rate): boolean {
    return pass(this.clientRates, cell, rate);
  }

  /** A thread has ended, and its sessions with it. */
  forgetThread(thread: number): void {
    this.sessions.forgetThread(thread);
  }
}

/**
 * A token bucket as one number (GCRA): when it will be full again, in microseconds. It holds as much as
 * its window lets in, and starts full.
 */
function pass(buckets: BigInt64Array, index: number, { count, windowMs }: Rate): boolean {
  const nowUs = commonClockUs();
  const windowUs = windowMs * 1000;
  const tokenUs = Math.max(1, Math.round(windowUs / count));
  for (;;) {
    const before = Atomics.load(buckets, index);
    // Emptier than empty it can't be: then some thread's clock was set.
    const fullInUs = Math.max(0, Number(before) - nowUs);
    const missingUs = fullInUs > 2 * windowUs ? 0 : fullInUs;
    if (missingUs + tokenUs > windowUs) return false;
    const after = BigInt(nowUs + missingUs + tokenUs);
    if (Atomics.compareExchange(buckets, index, before, after) === before) return true;
  }
}

/** The clocks of threads begin at different instants; this one is common to them. */
function commonClockUs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}

// The board: one SharedArrayBuffer that the planes share. Counters are one row per worker and
// backend (or listener) with a single writer each, summed by the reader; health is one word of
// bits per backend. It holds no instants: thread clocks differ.

import type { DialErrorClass } from "../base/os-error.ts";
import {
  ACCEPTED,
  BACKEND_ROW,
  BOARD_BYTES,
  BUFFERED,
  FIRST_END,
  floats,
  HEARTBEAT,
  LAG_MS,
  LISTENER_ROW,
  MAX_BACKENDS,
  MAX_LISTENERS,
  MAX_WORKERS,
  REGIONS,
  rowsOf,
  SESSIONS,
  WORKER_ROW,
  words,
} from "./board-layout.ts";
import { ClientTable } from "./client-table.ts";
import { DescriptorTable } from "./descriptor-table.ts";
import { END_INDEX } from "./end-reason.ts";
import { Histograms } from "./histograms.ts";
import { QueueCells } from "./queue-cells.ts";

/** The total under which each class of dial errors is counted. */
export const DIAL_ERROR_TOTALS = {
  refused: "dialRefused",
  unreachable: "dialUnreachable",
  timeout: "dialTimeout",
  reset: "dialReset",
  local: "dialLocal",
  other: "dialOther",
} as const satisfies Record<DialErrorClass, string>;

/** A backend's totals, in the order of its row. */
const BACKEND_TOTALS = [
  "connections",
  "bytesUp",
  "bytesDown",
  ...Object.values(DIAL_ERROR_TOTALS),
  "retries",
] as const;
export type BackendTotal = (typeof BACKEND_TOTALS)[number];

const TOTAL_INDEX = Object.fromEntries(BACKEND_TOTALS.map((name, i) => [name, i])) as Readonly<
  Record<BackendTotal, number>
>;

/** Both planes' view of the shared memory. Untouched pages cost nothing. */
export class Board {
  readonly memory: SharedArrayBuffer;
  /** The rows of the threads that exist: only these are summed. */
  private readonly rows: readonly number[];
  readonly queue: QueueCells;
  readonly clients: ClientTable;
  readonly histograms: Histograms;
  readonly descriptors: DescriptorTable;
  private readonly health: Int32Array;
  private readonly failures: Int32Array;
  private readonly coldness: Int32Array;
  private readonly cursors: Int32Array;
  private readonly eligibility: Int32Array;
  private readonly workers: Int32Array;
  private readonly backendActive: Int32Array;
  private readonly listenerActive: Int32Array;
  private readonly buffered: Float64Array;
  private readonly backendTotals: Float64Array;
  private readonly listenerTotals: Float64Array;

  /** A new one, for so many workers at most; or the one that this memory is. */
  constructor(memory: SharedArrayBuffer | number = MAX_WORKERS) {
    this.memory = typeof memory === "number" ? new SharedArrayBuffer(BOARD_BYTES) : memory;
    const workerCount = words(this.memory, REGIONS.workerCount);
    if (typeof memory === "number") workerCount[0] = memory;
    const count = workerCount[0] ?? 0;
    this.rows = rowsOf(count);
    this.health = words(this.memory, REGIONS.health);
    this.failures = words(this.memory, REGIONS.failures);
    this.coldness = words(this.memory, REGIONS.coldness);
    this.cursors = words(this.memory, REGIONS.cursors);
    this.eligibility = words(this.memory, REGIONS.eligibility);
    this.workers = words(this.memory, REGIONS.workers);
    this.backendActive = words(this.memory, REGIONS.backendActive);
    this.listenerActive = words(this.memory, REGIONS.listenerActive);
    this.buffered = floats(this.memory, REGIONS.buffered);
    this.backendTotals = floats(this.memory, REGIONS.backendTotals);
    this.listenerTotals = floats(this.memory, REGIONS.listenerTotals);
    this.queue = new QueueCells(this.memory, count);
    this.clients = new ClientTable(this.memory, this.rows);
    this.descriptors = new DescriptorTable(this.memory);
    this.histograms = new Histograms(this.memory, this.rows);
  }

  // --- health -----------------------------------------------------------------------------

  healthBits(slot: number): number {
    return Atomics.load(this.health, slot);
  }

  /** Sets and clears bits; notifies every worker when that changed anything. Returns whether it did. */
  changeHealth(slot: number, set: number, clear: number): boolean {
    for (;;) {
      const before = Atomics.load(this.health, slot);
      const after = (before & ~clear) | set;
      if (after === before) return false;
      if (Atomics.compareExchange(this.health, slot, before, after) !== before) continue;
      Atomics.add(this.eligibility, 0, 1);
      return true;
    }
  }

  /** Changes whenever some backend's health bits do: schedules made before are stale. */
  eligibilityVersion(): number {
    return Atomics.load(this.eligibility, 0);
  }

  /** Counts a failed dial. Returns how many in a row there are now, over all workers. */
  countDialFailure(slot: number): number {
    return Atomics.add(this.failures, slot, 1) + 1;
  }

  clearDialFailures(slot: number): void {
    if (Atomics.load(this.failures, slot) !== 0) Atomics.store(this.failures, slot, 0);
  }

  /** How much of its weight a backend has: 1..100 percent, less than all while it starts slowly. */
  slowStartPercent(slot: number): number {
    return 100 - Atomics.load(this.coldness, slot);
  }

  /** Sets several backends and notifies the workers once: each change costs them new schedules. */
  setSlowStart(percents: ReadonlyMap<number, number>): void {
    let hasChanged = false;
    for (const [slot, percent] of percents) {
      const coldness = 100 - Math.max(1, Math.min(100, Math.round(percent)));
      if (Atomics.exchange(this.coldness, slot, coldness) !== coldness) hasChanged = true;
    }
    if (hasChanged) Atomics.add(this.eligibility, 0, 1);
  }

  /** Forgets everything about a slot that is given to another backend. */
  resetSlot(slot: number, bits: number): void {
    Atomics.store(this.failures, slot, 0);
    Atomics.store(this.coldness, slot, 0);
    Atomics.store(this.health, slot, bits);
    Atomics.add(this.eligibility, 0, 1);
    this.histograms.resetSlot(slot);
    for (const worker of this.rows) {
      const row = this.backendRow(worker, slot);
      this.backendTotals.fill(0, row, row + BACKEND_ROW);
    }
  }

  // --- pools ------------------------------------------------------------------------------

  /** The pool's next ticket, shared by all workers: 0, 1, 2 … 2³²−1, 0. */
  drawTicket(pool: number): number {
    return Atomics.add(this.cursors, pool, 1) >>> 0;
  }

  // --- workers ----------------------------------------------------------------------------

  beat(worker: number): void {
    Atomics.add(this.workers, worker * WORKER_ROW + HEARTBEAT, 1);
  }

  /** How late a worker's loop was at its last sweep. */
  setLag(worker: number, ms: number): void {
    this.buffered[worker * WORKER_ROW + LAG_MS] = ms;
  }

  lagMs(worker: number): number {
    return this.buffered[worker * WORKER_ROW + LAG_MS] ?? 0;
  }

  heartbeat(worker: number): number {
    return Atomics.load(this.workers, worker * WORKER_ROW + HEARTBEAT);
  }

  /** Takes one of `limit` places for a session; false when there is none. */
  enterSession(worker: number, limit: number): boolean {
    Atomics.add(this.workers, worker * WORKER_ROW + SESSIONS, 1);
    if (this.sessions() <= limit) return true;
    this.leaveSession(worker);
    return false;
  }

  leaveSession(worker: number): void {
    Atomics.sub(this.workers, worker * WORKER_ROW + SESSIONS, 1);
  }

  /** Sessions alive, over all workers. */
  sessions(): number {
    let sum = 0;
    for (const worker of this.rows) {
      sum += Atomics.load(this.workers, worker * WORKER_ROW + SESSIONS);
    }
    return sum;
  }

  /** Sessions of one thread. */
  threadSessions(worker: number): number {
    return Atomics.load(this.workers, worker * WORKER_ROW + SESSIONS);
  }

  /** Moves a session with its lease from one thread's rows to another's; it is never uncounted. */
  handOver(from: number, to: number, { listener, slot }: { listener: number; slot: number }): void {
    Atomics.add(this.workers, to * WORKER_ROW + SESSIONS, 1);
    this.openSession(to, listener);
    this.takeBackend(to, slot);
    this.releaseBackend(from, slot);
    this.closeSession(from, listener);
    this.leaveSession(from);
  }

  /** Adds to the bytes that this worker holds for slow readers. */
  addBuffered(worker: number, bytes: number): void {
    const at = worker * WORKER_ROW + BUFFERED;
    this.buffered[at] = (this.buffered[at] ?? 0) + bytes;
  }

  /** Bytes held for slow readers, over all workers. */
  bufferedBytes(): number {
    let sum = 0;
    for (const worker of this.rows) {
      sum += this.buffered[worker * WORKER_ROW + BUFFERED] ?? 0;
    }
    return sum;
  }

  /** A worker's thread has ended: what it held is gone, what it counted stays. Its sessions have ended
   *  by a fault. */
  forgetWorker(worker: number): void {
    const { backendActive, listenerActive } = this;
    for (let listener = 0; listener < MAX_LISTENERS; listener++) {
      const sessions = Atomics.load(listenerActive, worker * MAX_LISTENERS + listener);
      if (sessions > 0) this.countEnd(worker, listener, END_INDEX.fault, sessions);
    }
    backendActive.fill(0, worker * MAX_BACKENDS, (worker + 1) * MAX_BACKENDS);
    listenerActive.fill(0, worker * MAX_LISTENERS, (worker + 1) * MAX_LISTENERS);
    Atomics.store(this.workers, worker * WORKER_ROW + SESSIONS, 0);
    this.buffered[worker * WORKER_ROW + BUFFERED] = 0;
    this.queue.forgetWorker(worker);
    this.clients.forgetThread(worker);
  }

  // --- backends ---------------------------------------------------------------------------

  takeBackend(worker: number, slot: number): void {
    Atomics.add(this.backendActive, worker * MAX_BACKENDS + slot, 1);
  }

  releaseBackend(worker: number, slot: number): void {
    Atomics.sub(this.backendActive, worker * MAX_BACKENDS + slot, 1);
  }

  /** Sessions on a backend, dials included, over all workers. */
  backendSessions(slot: number): number {
    let sum = 0;
    for (const worker of this.rows) {
      sum += Atomics.load(this.backendActive, worker * MAX_BACKENDS + slot);
    }
    return sum;
  }

  countBackend(worker: number, slot: number, total: BackendTotal, amount: number): void {
    const at = this.backendRow(worker, slot) + TOTAL_INDEX[total];
    this.backendTotals[at] = (this.backendTotals[at] ?? 0) + amount;
  }

  backendTotal(slot: number, total: BackendTotal): number {
    let sum = 0;
    for (const worker of this.rows) {
      sum += this.backendTotals[this.backendRow(worker, slot) + TOTAL_INDEX[total]] ?? 0;
    }
    return sum;
  }

  private backendRow(worker: number, slot: number): number {
    return (worker * MAX_BACKENDS + slot) * BACKEND_ROW;
  }

  // --- listeners --------------------------------------------------------------------------

  countAccepted(worker: number, listener: number): void {
    const at = this.listenerRow(worker, listener) + ACCEPTED;
    this.listenerTotals[at] = (this.listenerTotals[at] ?? 0) + 1;
  }

  accepted(listener: number): number {
    return this.sumListener(listener, ACCEPTED);
  }

  countEnd(worker: number, listener: number, end: number, count = 1): void {
    const at = this.listenerRow(worker, listener) + FIRST_END + end;
    this.listenerTotals[at] = (this.listenerTotals[at] ?? 0) + count;
  }

  ended(listener: number, end: number): number {
    return this.sumListener(listener, FIRST_END + end);
  }

  openSession(worker: number, listener: number): void {
    Atomics.add(this.listenerActive, worker * MAX_LISTENERS + listener, 1);
  }

  closeSession(worker: number, listener: number): void {
    Atomics.sub(this.listenerActive, worker * MAX_LISTENERS + listener, 1);
  }

  listenerSessions(listener: number): number {
    let sum = 0;
    for (const worker of this.rows) {
      sum += Atomics.load(this.listenerActive, worker * MAX_LISTENERS + listener);
    }
    return sum;
  }

  /** Forgets everything about a listener's row that is given to another one. */
  resetListener(listener: number): void {
    for (const worker of this.rows) {
      const row = this.listenerRow(worker, listener);
      this.listenerTotals.fill(0, row, row + LISTENER_ROW);
    }
  }

  private sumListener(listener: number, column: number): number {
    let sum = 0;
    for (const worker of this.rows) {
      sum += this.listenerTotals[this.listenerRow(worker, listener) + column] ?? 0;
    }
    return sum;
  }

  private listenerRow(worker: number, listener: number): number {
    return (worker * MAX_LISTENERS + listener) * LISTENER_ROW;
  }
}

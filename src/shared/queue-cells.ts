// Who waits for a pool, over all workers. For a place on a full one: how many, and whose turn it is. Each
// worker keeps its own waiters in order; the board holds the ticket of its first one. For a backend to come up: how
// many.
import { MAX_POOLS, MAX_WORKERS, REGIONS, words } from "./board-layout.ts";
import { LimitedCounters } from "./limited-counters.ts";

export class QueueCells {
  private readonly workers: readonly number[];
  private readonly tickets: Int32Array;
  private readonly places: LimitedCounters;
  private readonly heads: Int32Array;
  private readonly awaiting: LimitedCounters;

  constructor(memory: SharedArrayBuffer, workers: number) {
    this.workers = Array.from({ length: workers }, (_, worker) => worker);
    this.tickets = words(memory, REGIONS.tickets);
    this.places = new LimitedCounters(words(memory, REGIONS.queued), MAX_POOLS, this.workers);
    this.heads = words(memory, REGIONS.queueHeads);
    this.awaiting = new LimitedCounters(words(memory, REGIONS.awaiting), MAX_POOLS, this.workers);
  }

  /** Takes one of `limit` places to wait for a pool; false when there is none. */
  enter(worker: number, pool: number, limit: number): boolean {
    return this.places.enter(worker, pool, limit);
  }

  leave(worker: number, pool: number): void {
    this.places.leave(worker, pool);
  }

  /** Clients that wait for a place, over all workers. */
  length(pool: number): number {
    return this.places.count(pool);
  }

  /** A client waits for a backend to come up: there are places for all. */
  beginAwaiting(worker: number, pool: number): void {
    this.awaiting.take(worker, pool);
  }

  endAwaiting(worker: number, pool: number): void {
    this.awaiting.leave(worker, pool);
  }

  /** Clients that wait for a place or for a backend to come up, over all workers. */
  waiting(pool: number): number {
    return this.length(pool) + this.awaiting.count(pool);
  }

  /** Never 0, which says that nobody waits. */
  drawTicket(pool: number): number {
    return Atomics.add(this.tickets, pool, 1) + 1 || this.drawTicket(pool);
  }

  /** The ticket of a worker's first waiter; 0: it has none. */
  setHead(worker: number, pool: number, ticket: number): void {
    Atomics.store(this.heads, worker * MAX_POOLS + pool, ticket);
  }

  /** Has nobody waited for longer than who holds this ticket? */
  isFirst(pool: number, ticket: number): boolean {
    for (const worker of this.workers) {
      const head = Atomics.load(this.heads, worker * MAX_POOLS + pool);
      // By the difference: tickets wrap.
      if (head !== 0 && ((head - ticket) | 0) < 0) return false;
    }
    return true;
  }

  /** A worker's thread has ended, and its waiters with it. */
  forgetWorker(worker: number): void {
    if (worker >= MAX_WORKERS) return;
    this.places.forgetThread(worker);
    this.awaiting.forgetThread(worker);
    this.heads.fill(0, worker * MAX_POOLS, (worker + 1) * MAX_POOLS);
  }
}

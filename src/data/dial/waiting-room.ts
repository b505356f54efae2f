// Clients that wait until a backend of their pool is up. There are places for all: each goes on when it
// changes who serves, whichever thread or check has seen to it.
import type { Serving } from "../../policy/health/serving.ts";
import type { QueueCells } from "../../shared/queue-cells.ts";
import type { Waiter } from "./queue.ts";

export class WaitingRoom {
  readonly lateEnd = "noBackend";
  /** The pool's row on the board. */
  private readonly pool: number;
  private readonly cells: QueueCells;
  private readonly servingNow: () => Serving;
  private servedThen: Serving = "nobody";
  private readonly waiters = new Set<Waiter>();

  constructor(pool: number, cells: QueueCells, servingNow: () => Serving) {
    this.pool = pool;
    this.cells = cells;
    this.servingNow = servingNow;
  }

  join(waiter: Waiter): void {
    const { worker, queues, watchQueues } = waiter.session.thread;
    if (this.waiters.size === 0) this.servedThen = this.servingNow();
    this.waiters.add(waiter);
    this.cells.beginAwaiting(worker, this.pool);
    queues.add(this);
    watchQueues();
  }

  leave(waiter: Waiter): void {
    const { worker, queues } = waiter.session.thread;
    if (!this.waiters.delete(waiter)) return;
    this.cells.endAwaiting(worker, this.pool);
    if (this.waiters.size === 0) queues.delete(this);
  }

  /** Lets all go on once another state serves than when they came; some may come back. */
  serve(): void {
    const serving = this.servingNow();
    if (serving === this.servedThen) return;
    this.servedThen = serving;
    this.close();
  }

  /** Nothing is waited for here any more. */
  close(): void {
    for (const waiter of [...this.waiters]) waiter.resume();
  }
}

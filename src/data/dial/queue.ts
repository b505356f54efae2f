// Clients that wait until a backend of a full pool has a place for them: first come, first served
// over all workers. A place that is freed here is given at once, one that is freed in another thread
// is seen by a sweep that runs only while a client waits.
import type { QueueCells } from "../../shared/queue-cells.ts";
import type { WorkerContext } from "../relay/worker-context.ts";

/** How late a place that another thread has freed may be given. */
const SWEEP_MS = 5;

/** The dial of a client that waits. */
export type Waiter = {
  readonly session: { readonly thread: WorkerContext; fault(error: Error): void };
  /** Backends that others may be sent to are closed to it for a while: it has tried them. */
  readonly isHeldUp: boolean;
  /** It has waited longest. Returns whether it has left the queue; false: all backends are full still. */
  tryTurn(): boolean;
  /** Its queue is gone, or the backend it waits for is there. */
  resume(): void;
};

/** Clients that are held up and are looked past in one turn, so that a long queue costs a bounded time. */
const MAX_HELD_UP = 64;

export class ClientQueue {
  readonly lateEnd = "queueTimeout";
  /** Clients that may wait, over all workers. */
  size = 0;
  timeoutMs = 0;
  /** The pool's row on the board. */
  private readonly pool: number;
  private readonly cells: QueueCells;
  /** With their tickets, in their order. */
  private readonly waiters = new Map<Waiter, number>();
  private isServing = false;

  constructor(pool: number, cells: QueueCells) {
    this.pool = pool;
    this.cells = cells;
  }

  /** Does a client wait, in whichever worker? One that comes now is behind it. */
  get isBusy(): boolean {
    return this.size > 0 && this.cells.length(this.pool) > 0;
  }

  /** False when there is no place to wait. */
  join(waiter: Waiter): boolean {
    const { worker, queues, watchQueues } = waiter.session.thread;
    if (this.size === 0 || !this.cells.enter(worker, this.pool, this.size)) return false;
    this.waiters.set(waiter, this.cells.drawTicket(this.pool));
    this.showHead(worker);
    queues.add(this);
    watchQueues();
    return true;
  }

  leave(waiter: Waiter): void {
    const { worker, queues } = waiter.session.thread;
    if (!this.waiters.delete(waiter)) return;
    this.cells.leave(worker, this.pool);
    this.showHead(worker);
    if (this.waiters.size === 0) queues.delete(this);
  }

  /** Lets clients go on in their order. One that is held up keeps its place, and holds up no other. */
  serve(): void {
    // A session that ends in its turn frees a place, and would have this called again.
    if (this.isServing) return;
    this.isServing = true;
    let heldUp = 0;
    try {
      for (const [waiter, ticket] of this.waiters) {
        if (!this.cells.isFirst(this.pool, ticket)) break;
        if (hasGone(waiter)) continue;
        this.showHead(waiter.session.thread.worker);
        if (!waiter.isHeldUp || ++heldUp > MAX_HELD_UP) break;
      }
    } finally {
      this.isServing = false;
    }
  }

  /** The pool is no more: each looks for another one, or ends. Nobody waits here again. */
  close(): void {
    this.size = 0;
    for (const waiter of [...this.waiters.keys()]) waiter.resume();
  }

  // The first that is not held up: all later ones wait behind it, in all workers.
  private showHead(worker: number): void {
    let head = 0;
    for (const [waiter, ticket] of this.waiters) {
      if (waiter.isHeldUp) continue;
      head = ticket;
      break;
    }
    this.cells.setHead(worker, this.pool, head);
  }
}

// A fault in one client's turn ends that client, and not the turns of the others.
function hasGone(waiter: Waiter): boolean {
  try {
    return waiter.tryTurn();
  } catch (error) {
    waiter.session.fault(error instanceof Error ? error : new Error(String(error)));
    return true;
  }
}

/** Returns the function that keeps serving these queues from now on, until they are empty. */
export function queueWatch(queues: WorkerContext["queues"]): () => void {
  let timer: Timer | null = null;
  const sweep = () => {
    for (const queue of queues) queue.serve();
    if (queues.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
  return () => {
    timer ??= setInterval(sweep, SWEEP_MS);
  };
}

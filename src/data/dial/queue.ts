// Clients that wait until a backend of a full pool has a place for them: first come, first served
// over all workers. A place that is freed here is given at once, one that is freed in another thread
// is seen by a sweep that runs only while somebody waits.
import type { QueueCells } from "../../shared/queue-cells.ts";
import type { Dial } from "./dial.ts";

/** How late a place that another thread has freed may be given. */
const SWEEP_MS = 5;

export class ClientQueue {
  /** Clients that may wait, over all workers. */
  size = 0;
  timeoutMs = 0;
  /** The pool's row on the board. */
  private readonly pool: number;
  private readonly cells: QueueCells;
  /** With their tickets, in their order. */
  private readonly dials = new Map<Dial, number>();
  private isServing = false;

  constructor(pool: number, cells: QueueCells) {
    this.pool = pool;
    this.cells = cells;
  }

  /** Does anybody wait, in whichever worker? Whoever comes now is behind. */
  get isBusy(): boolean {
    return this.size > 0 && this.cells.length(this.pool) > 0;
  }

  /** False when there is no place to wait. */
  join(dial: Dial): boolean {
    const { worker, lines, watchLines } = dial.session.thread;
    if (this.size === 0 || !this.cells.enter(worker, this.pool, this.size)) return false;
    this.dials.set(dial, this.cells.drawTicket(this.pool));
    this.showHead(worker);
    lines.add(this);
    watchLines();
    return true;
  }

  leave(dial: Dial): void {
    const { worker, lines } = dial.session.thread;
    if (!this.dials.delete(dial)) return;
    this.cells.leave(worker, this.pool);
    this.showHead(worker);
    if (this.dials.size === 0) lines.delete(this);
  }

  /** Lets those go on whose turn it is. */
  serve(): void {
    // A session that ends in its turn frees a place, and would have this called again.
    if (this.isServing) return;
    this.isServing = true;
    for (const [dial, ticket] of this.dials) {
      if (!this.cells.isFirst(this.pool, ticket) || !dial.tryTurn()) break;
    }
    this.isServing = false;
  }

  /** The pool is no more: each looks for another one, or ends. Nobody waits here again. */
  close(): void {
    this.size = 0;
    for (const dial of [...this.dials.keys()]) dial.lineDisbanded();
  }

  private showHead(worker: number): void {
    const [ticket = 0] = this.dials.values();
    this.cells.setHead(worker, this.pool, ticket);
  }
}

/** Returns the function that keeps serving these lines from now on, until they are empty. */
export function lineWatch(lines: ReadonlySet<ClientQueue>): () => void {
  let timer: Timer | null = null;
  const sweep = () => {
    for (const line of lines) line.serve();
    if (lines.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
  return () => {
    timer ??= setInterval(sweep, SWEEP_MS);
  };
}

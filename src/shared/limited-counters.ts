// LimitedCounters that all threads share: each thread counts those that it has taken in a row of its own.

export class LimitedCounters {
  private readonly taken: Int32Array;
  private readonly width: number;
  /** Where each thread's cells begin. */
  private readonly starts: readonly number[];

  /** `taken` has `width` cells for each thread; those of `threads` are in use. */
  constructor(taken: Int32Array, width: number, threads: readonly number[]) {
    this.taken = taken;
    this.width = width;
    this.starts = threads.map((thread) => thread * width);
  }

  /** Takes one of a cell's `limit` places; false when there is none. */
  enter(thread: number, cell: number, limit: number): boolean {
    this.take(thread, cell);
    if (this.count(cell) <= limit) return true;
    this.leave(thread, cell);
    return false;
  }

  take(thread: number, cell: number): void {
    Atomics.add(this.taken, thread * this.width + cell, 1);
  }

  leave(thread: number, cell: number): void {
    Atomics.sub(this.taken, thread * this.width + cell, 1);
  }

  /** Over all threads. */
  count(cell: number): number {
    let sum = 0;
    for (const start of this.starts) sum += Atomics.load(this.taken, start + cell);
    return sum;
  }

  /** A thread has ended: what it had is free. */
  forgetThread(thread: number): void {
    this.taken.fill(0, thread * this.width, (thread + 1) * this.width);
  }
}

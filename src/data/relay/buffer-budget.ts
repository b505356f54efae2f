// How many bytes this thread holds for slow readers, against a limit for all threads together.
// Over it no paused source reads on: the pipe is held until there is room.
import type { Board } from "../../shared/board.ts";

/** A pipe whose sink has taken everything, and whose source waits for room. */
export type Held = { readonly resume: () => void };

export class BufferBudget {
  limitBytes = Number.POSITIVE_INFINITY;
  private readonly board: Board;
  private readonly worker: number;
  private readonly held = new Set<Held>();

  constructor(board: Board, worker: number) {
    this.board = board;
    this.worker = worker;
  }

  isOver(): boolean {
    return this.board.bufferedBytes() > this.limitBytes;
  }

  /** `bytes` is negative when they have gone. */
  add(bytes: number): void {
    this.board.addBuffered(this.worker, bytes);
    if (bytes < 0 && this.held.size > 0) this.release();
  }

  hold(pipe: Held): void {
    this.held.add(pipe);
  }

  forget(pipe: Held): void {
    this.held.delete(pipe);
  }

  /** Lets held pipes read on while there is room. */
  release(): void {
    for (const pipe of this.held) {
      if (this.isOver()) return;
      this.held.delete(pipe);
      pipe.resume();
    }
  }
}

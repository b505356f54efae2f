// How many bytes this thread holds for slow readers and for clients that wait for a backend, against a
// limit for all threads together.
//
//   up to half of it       nobody notices
//   tight, above that      connections get small buffers, so that one read brings little
//   over                   clients that wait are not read, and the worst of those who hold are ended
//                          (`memory-relief.ts`)
import type { Board } from "../../shared/board.ts";
import type { Direction } from "./relay-types.ts";

/** A new connection's receive buffer is a part of the room that is left, so that there is room for the next
 *  ones: with so many that stall the room is a third (1/e) of what it was. */
const SHARES = 256;
/** One read brings no more than this. */
const READ_BYTES = 512 * 1024;
/** With 4 KiB one connection over loopback still moves 28 MB/s, with 16 KiB 109, beside 566 of those that
 *  the kernel sizes; one read brings up to 8 KiB and 24 (2026-11-26, a busy machine). */
const LEAST_RECEIVE_BYTES = 4 * 1024;
const MOST_RECEIVE_BYTES = 16 * 1024;

/** A pipe that waits for room. */
export type Held = { readonly resume: () => void };

export class BufferBudget {
  limitBytes = Number.POSITIVE_INFINITY;
  /** Called when bytes have come and the limit is passed. */
  onOver: () => void = () => {};
  /** This thread's part of the bytes that are held. */
  ownBytes = 0;
  private readonly board: Board;
  private readonly worker: number;
  private readonly held = new Set<Held>();

  constructor(board: Board, worker: number) {
    this.board = board;
    this.worker = worker;
  }

  /** Above 1 it is over. */
  get load(): number {
    return this.board.bufferedBytes() / this.limitBytes;
  }

  isOver(): boolean {
    return this.load > 1;
  }

  isTight(): boolean {
    return this.load > 0.5;
  }

  /** A share of what is left is less than one read may bring: hundreds of connections in one turn of the
   *  event loop could fill it. Where memory is small it is so from the start. */
  isScarce(): boolean {
    return this.shareBytes < READ_BYTES;
  }

  /** Size of the receive buffer of a pipe's source that is about to be dialled; 0: as the kernel has it. Only
   *  when it is tight: the first bytes of each come slowly. */
  boundReceive(pipe: Pick<Direction, "receiveBytes">): number {
    if (!this.isTight()) return 0;
    const bytes = Math.min(MOST_RECEIVE_BYTES, this.shareBytes);
    pipe.receiveBytes = Math.max(LEAST_RECEIVE_BYTES, bytes);
    return pipe.receiveBytes;
  }

  private get shareBytes(): number {
    return Math.floor((this.limitBytes - this.board.bufferedBytes()) / SHARES);
  }

  /** `bytes` is negative when they have gone. */
  add(bytes: number): void {
    this.ownBytes += bytes;
    this.board.addBuffered(this.worker, bytes);
    if (bytes < 0) this.release();
    else if (this.isOver()) this.onOver();
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

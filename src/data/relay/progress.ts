// Whether a pipe's bytes move, by a look a second: those that the sink's kernel has taken, and, once no
// more of these come, those that its peer takes out of it. A full send buffer moves in steps of a
// megabyte, while its reader reads all the time.
import type { PipeSocket } from "./relay-types.ts";

/** A peer that reads nothing takes as much: the window that it offers first (RFC 9293: 64 KiB at most). */
const FIRST_WINDOW_BYTES = 64 * 1024;

export class Progress {
  /** When bytes were last seen to move, by this thread's clock. */
  movedAtMs: number;
  /** At the last look its peer had taken most of what came since the one before, and that was a lot. */
  isReaderFast = false;
  private bytes = 0;
  /** The bytes that the peer had not taken at the last look; 0: none, and nobody need ask again. */
  private unsent = 0;
  private taken = FIRST_WINDOW_BYTES;

  constructor(nowMs: number) {
    this.movedAtMs = nowMs;
  }

  /** `bytes` is what the sink's kernel has taken so far. */
  look(nowMs: number, bytes: number, unsentBytes: () => number): void {
    const hasMoved = bytes !== this.bytes;
    this.isReaderFast = false;
    if (!hasMoved && this.unsent === 0) return;
    const unsent = unsentBytes();
    const written = bytes - this.bytes;
    this.isReaderFast = written > FIRST_WINDOW_BYTES && unsent * 2 < written;
    if (hasMoved || unsent < this.unsent) this.movedAtMs = nowMs;
    this.bytes = bytes;
    this.unsent = unsent;
    this.taken = bytes - unsent;
  }

  /** Has its peer taken anything since the last look; before the first one, more than it does without reading? */
  isMoving(bytes: number, unsentBytes: number): boolean {
    return bytes - unsentBytes > this.taken;
  }
}

/** For a pipe: asks of its sink. */
export type UnsentBytes = (socket: PipeSocket) => number;

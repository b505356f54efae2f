// The bytes that a check sends to a backend, and what follows from the answers. Pure: bytes in, a move out.
import { printable } from "../../base/printable.ts";

/** The most that is read of an answer. */
export const MAX_ANSWER_BYTES = 64 * 1024;
/** Characters of an answer that a reason shows. */
const MAX_SHOWN = 60;

/**
 * - `more`: it depends on what else comes
 * - `pause`: so far it is right; when nothing more comes for `forMs`, `lull` goes on
 * - `say`: these bytes are to be sent, and then it waits
 * - `passed`, or what is wrong, in words
 */
export type Move =
  | { readonly kind: "more" | "passed" }
  | { readonly kind: "pause"; readonly forMs: number }
  | { readonly kind: "say"; readonly bytes: Uint8Array }
  | { readonly kind: "failed"; readonly reason: string };

export const MORE: Move = { kind: "more" };
export const PASSED: Move = { kind: "passed" };

export function failed(reason: string): Move {
  return { kind: "failed", reason };
}

/** One conversation; made again for each check. */
export type Talk = {
  /** It is connected. */
  begin(): Move;
  hear(chunk: Uint8Array): Move;
  /** Nothing has come for a while after a `pause`. */
  lull(): Move;
  /** The backend has finished. */
  hearEnd(): Move;
  /** It waits for nothing more: what it has said last was all. */
  readonly isOver: boolean;
  /** Says what has not come, such as `no answer`. */
  readonly missing: string;
};

/** As a reason shows it. */
export function quote(answer: Uint8Array): string {
  const text = Buffer.from(answer.subarray(0, MAX_SHOWN + 1)).toString("latin1");
  return `"${printable(text, MAX_SHOWN)}"`;
}

/** The bytes of an answer so far, up to the most that is read. They are moved seldom, however small the
 *  pieces that they come in. */
export class Heard {
  private memory = Buffer.alloc(0);
  private start = 0;
  private end = 0;

  get bytes(): Buffer {
    return this.memory.subarray(this.start, this.end);
  }

  get isFull(): boolean {
    return this.end - this.start >= MAX_ANSWER_BYTES;
  }

  add(chunk: Uint8Array): void {
    const { bytes } = this;
    const more = chunk.subarray(0, MAX_ANSWER_BYTES - bytes.length);
    if (this.end + more.length > this.memory.length) {
      const length = Math.min(MAX_ANSWER_BYTES, 2 * (bytes.length + more.length));
      this.memory = Buffer.alloc(length);
      this.memory.set(bytes);
      this.start = 0;
      this.end = bytes.length;
    }
    this.memory.set(more, this.end);
    this.end += more.length;
  }

  /** Removes the first bytes, which are done with. */
  drop(length: number): void {
    this.start += length;
  }
}

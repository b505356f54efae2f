// An exchange of bytes: in each step something is sent, and what the answer begins with or contains is
// waited for. A step that only waits comes first where the backend speaks first.
import { failed, Heard, MORE, type Move, PASSED, quote, type Talk } from "./talk.ts";

export type Step = {
  readonly send: Uint8Array;
  /** The answer begins with these bytes; empty: with any. */
  readonly expect: Uint8Array;
  /** The answer contains these bytes; empty: any. */
  readonly contains: Uint8Array;
};

/** Quiet before a next word is said: an answer may have further lines, and servers that insist on their
 *  turn look whether a client has spoken in it. */
const WHOLE_MS = 20;
/** The same after what looks unfinished: a line without its end, or one that another line follows. */
const UNFINISHED_MS = 100;

const NEWLINE = 10;

export class Exchange implements Talk {
  private readonly steps: readonly Step[];
  private at = 0;
  private readonly heard = new Heard();

  constructor(steps: readonly Step[]) {
    this.steps = steps;
  }

  get isOver(): boolean {
    return this.at >= this.steps.length;
  }

  get missing(): string {
    const { length } = this.heard.bytes;
    const step = this.steps.length > 1 ? ` to step ${this.at + 1}` : "";
    return length === 0
      ? `no answer${step}`
      : `only ${quote(this.heard.bytes)} as an answer${step}`;
  }

  begin(): Move {
    return this.enter();
  }

  hear(chunk: Uint8Array): Move {
    this.heard.add(chunk);
    return this.judge();
  }

  lull(): Move {
    return this.next();
  }

  hearEnd(): Move {
    const step = this.steps[this.at];
    if (step !== undefined && matched(this.heard.bytes, step) >= 0) {
      this.at++;
      const isDone = this.steps.slice(this.at).every(({ send }) => send.length === 0);
      return isDone ? this.judge() : failed("it closed before the last step");
    }
    const { bytes } = this.heard;
    return failed(
      bytes.length === 0
        ? "it closed before it answered"
        : `it closed after it answered ${quote(bytes)}`,
    );
  }

  // Sends what the present step says, and waits; a step that waits for nothing is over with it.
  private enter(): Move {
    const sent: Uint8Array[] = [];
    for (;;) {
      const step = this.steps[this.at];
      if (step === undefined)
        return sent.length === 0 ? PASSED : { kind: "say", bytes: join(sent) };
      if (step.send.length > 0) {
        sent.push(step.send);
        // The bytes that came before are not the answer to this.
        this.heard.drop(this.heard.bytes.length);
      }
      if (waits(step)) break;
      this.at++;
    }
    return sent.length === 0 ? this.judge() : { kind: "say", bytes: join(sent) };
  }

  private judge(): Move {
    const step = this.steps[this.at];
    if (step === undefined) return PASSED;
    const { bytes } = this.heard;
    if (differs(bytes, step.expect)) return failed(`it answered ${quote(bytes)}`);
    const end = matched(bytes, step);
    if (end < 0) {
      if (!this.heard.isFull) return MORE;
      return failed(`the answer lacks the expected text: ${quote(bytes)}`);
    }
    if (this.at === this.steps.length - 1) return PASSED;
    if (this.steps[this.at + 1]?.send.length === 0) {
      this.heard.drop(end);
      return this.next();
    }
    return { kind: "pause", forMs: isWhole(bytes) ? WHOLE_MS : UNFINISHED_MS };
  }

  private next(): Move {
    this.at++;
    return this.enter();
  }
}

function waits({ expect, contains }: Step): boolean {
  return expect.length > 0 || contains.length > 0;
}

/** It begins with other bytes already. */
function differs(answer: Uint8Array, expected: Uint8Array): boolean {
  const length = Math.min(answer.length, expected.length);
  return !Buffer.from(answer.subarray(0, length)).equals(expected.subarray(0, length));
}

/** Where in the answer that ends which the step waits for; −1: it is not all there. */
function matched(answer: Uint8Array, { expect, contains }: Step): number {
  if (answer.length < expect.length || differs(answer, expect)) return -1;
  if (contains.length === 0) return expect.length;
  const at = Buffer.from(answer).indexOf(contains);
  return at < 0 ? -1 : Math.max(expect.length, at + contains.length);
}

/** The line has ended, and it is none that another one follows: `220-`, as of SMTP and FTP. */
function isWhole(answer: Uint8Array): boolean {
  if (answer.at(-1) !== NEWLINE) return false;
  const line = Buffer.from(answer.subarray(answer.lastIndexOf(NEWLINE, -2) + 1)).toString("latin1");
  return !/^\d{3}-/.test(line);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts);
}

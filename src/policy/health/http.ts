// A request of HTTP/1.1 and its answer, which passes by its status and, where asked, by what is in its body.
import type { StatusRange } from "../../config/expectation.ts";
import { BodySearch } from "./http-body.ts";
import { failed, Heard, MORE, type Move, PASSED, quote, type Talk } from "./talk.ts";

export type HttpQuestion = {
  readonly request: Uint8Array;
  readonly expected: readonly StatusRange[];
  /** The body contains these bytes; empty: the body is not waited for. */
  readonly contains: Uint8Array;
};

const START = "HTTP/1.";
const MAX_STATUS_LINE = 4096;
/** Interim answers before the answer; more than any server has a reason for. */
const MAX_INTERIM = 10;
/** RFC 9110, section 6.4.1: nothing comes after their head. */
const BODILESS = [101, 204, 304];
const LF = 10;
const CR = 13;

export class HttpExchange implements Talk {
  private readonly question: HttpQuestion;
  readonly isOver = false;
  private readonly heard = new Heard();
  private interims = 0;
  /** So many bytes have no end of a head in them. */
  private searchedBytes = 0;
  /** Null: the head of the answer is still to come. */
  private body: BodySearch | null = null;
  private status = 0;

  constructor(question: HttpQuestion) {
    this.question = question;
  }

  get missing(): string {
    return this.heard.bytes.length === 0 && this.status === 0
      ? "no answer"
      : "an incomplete answer";
  }

  begin(): Move {
    return { kind: "say", bytes: this.question.request };
  }

  hear(chunk: Uint8Array): Move {
    if (this.body !== null) return this.search(this.body, chunk);
    this.heard.add(chunk);
    return this.judge();
  }

  lull(): Move {
    return MORE;
  }

  hearEnd(): Move {
    return this.body === null ? failed("it closed before it answered") : this.without();
  }

  private judge(): Move {
    for (;;) {
      const { bytes } = this.heard;
      const status = statusIn(bytes);
      if (typeof status !== "number") return status;
      this.status = status;
      const headEnd = headEndIn(bytes, Math.max(0, this.searchedBytes - 2));
      this.searchedBytes = bytes.length;
      // RFC 9110, section 15.2: the answer is still to come. 101 is one.
      if (status >= 200 || status === 101) return this.judgeFinal(status, headEnd);
      if (headEnd < 0) return this.heard.isFull ? this.tooLong() : MORE;
      this.interims++;
      if (this.interims > MAX_INTERIM) return this.tooLong();
      this.heard.drop(headEnd);
      this.searchedBytes = 0;
    }
  }

  private judgeFinal(status: number, headEnd: number): Move {
    const { expected, contains } = this.question;
    const isExpected = expected.some(([from, to]) => status >= from && status <= to);
    if (!isExpected) return failed(`HTTP ${status}`);
    if (contains.length === 0) return PASSED;
    if (headEnd < 0) return this.heard.isFull ? this.tooLong() : MORE;
    if (BODILESS.includes(status)) return this.without();
    const { bytes } = this.heard;
    this.body = new BodySearch(bytes.toString("latin1", 0, headEnd), contains);
    const move = this.search(this.body, bytes.subarray(headEnd));
    return move.kind === "more" && this.heard.isFull ? this.without() : move;
  }

  private search(body: BodySearch, chunk: Uint8Array): Move {
    switch (body.add(chunk)) {
      case "found":
        return PASSED;
      case "ended":
        return this.without();
      default:
        return MORE;
    }
  }

  private without(): Move {
    return failed(`HTTP ${this.status}, without the expected text in its body`);
  }

  private tooLong(): Move {
    return failed(`HTTP ${this.status}, but its headers do not end`);
  }
}

/** The status of the answer that begins there, or what follows from that there is none. */
function statusIn(answer: Buffer): number | Move {
  const text = answer.toString("latin1", 0, MAX_STATUS_LINE);
  if (!text.startsWith(START.slice(0, text.length))) return noHttp(answer);
  if (!text.includes("\n")) return text.length < MAX_STATUS_LINE ? MORE : noHttp(answer);
  const [, digits] = /^HTTP\/1\.[01] (\d{3})(?=[ \r\n])/.exec(text) ?? [];
  return digits === undefined ? noHttp(answer) : Number(digits);
}

/** Where the empty line after a head ends, looked for from `from` on; −1: it is not there. */
function headEndIn(answer: Buffer, from: number): number {
  for (let at = answer.indexOf(LF, from); at >= 0; at = answer.indexOf(LF, at + 1)) {
    if (answer[at + 1] === LF) return at + 2;
    if (answer[at + 1] === CR && answer[at + 2] === LF) return at + 3;
  }
  return -1;
}

function noHttp(answer: Uint8Array): Move {
  return failed(`no HTTP answer: ${quote(answer)}`);
}

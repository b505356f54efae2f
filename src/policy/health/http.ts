// A request of HTTP/1.1 and its answer, which passes by its status and, where asked, by what is in its body.
import type { StatusRange } from "../../config/expectation.ts";
import { failed, Heard, MORE, type Move, PASSED, quote, type Talk } from "./talk.ts";

type HttpQuestion = {
  readonly request: Uint8Array;
  readonly expected: readonly StatusRange[];
  /** The body contains these bytes; empty: the body is not waited for. */
  readonly contains: Uint8Array;
};

const START = "HTTP/1.";
const MAX_STATUS_LINE = 4096;
const CRLF = /\r?\n/;

export class HttpExchange implements Talk {
  private readonly question: HttpQuestion;
  readonly isOver = false;
  private readonly heard = new Heard();

  constructor(question: HttpQuestion) {
    this.question = question;
  }

  get missing(): string {
    return this.heard.bytes.length === 0 ? "no answer" : "no whole answer";
  }

  begin(): Move {
    return { kind: "say", bytes: this.question.request };
  }

  hear(chunk: Uint8Array): Move {
    this.heard.add(chunk);
    return judgeHttp(this.heard.bytes, this.question, this.heard.isFull);
  }

  lull(): Move {
    return MORE;
  }

  hearEnd(): Move {
    const move = judgeHttp(this.heard.bytes, this.question, true);
    return move.kind === "more" ? failed("it closed before it had answered") : move;
  }
}

type Expected = Pick<HttpQuestion, "expected" | "contains">;

/** `hasEnded`: no more comes, or is read. */
export function judgeHttp(
  answer: Uint8Array,
  { expected, contains }: Expected,
  hasEnded = false,
): Move {
  const text = Buffer.from(answer).toString("latin1");
  if (!text.startsWith(START.slice(0, text.length))) return noHttp(answer);
  if (!text.includes("\n")) return answer.length < MAX_STATUS_LINE ? MORE : noHttp(answer);
  const [line, digits] = /^HTTP\/1\.[01] (\d{3})(?=[ \r\n])/.exec(text) ?? [];
  if (line === undefined) return noHttp(answer);
  const status = Number(digits);
  const end = /\r?\n\r?\n/.exec(text);
  const headEnd = end === null ? -1 : end.index + end[0].length;
  // RFC 9110, section 15.2: the answer is still to come. 101 is one.
  if (status < 200 && status !== 101) {
    return headEnd < 0
      ? MORE
      : judgeHttp(answer.subarray(headEnd), { expected, contains }, hasEnded);
  }
  if (!expected.some(([from, to]) => status >= from && status <= to)) {
    return failed(`HTTP ${status}`);
  }
  if (contains.length === 0) return PASSED;
  if (headEnd < 0) return MORE;
  const { body, isWhole } = bodyOf(text.slice(0, headEnd), answer.subarray(headEnd));
  if (Buffer.from(body).includes(contains)) return PASSED;
  return isWhole || hasEnded ? failed(`HTTP ${status}, without what is expected in it`) : MORE;
}

type Body = { readonly body: Uint8Array; readonly isWhole: boolean };

/** RFC 9112, section 6.3. */
function bodyOf(head: string, rest: Uint8Array): Body {
  if (/^transfer-encoding:.*\bchunked\b/im.test(head)) return unchunked(rest);
  const [, digits] =
    /^content-length:[ \t]*(\d{1,15})[ \t]*$/im.exec(head.replaceAll("\r", "")) ?? [];
  const length = digits === undefined ? Number.POSITIVE_INFINITY : Number(digits);
  return { body: rest.subarray(0, length), isWhole: rest.length >= length };
}

/** RFC 9112, section 7.1. */
function unchunked(rest: Uint8Array): Body {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (;;) {
    const head = Buffer.from(rest.subarray(at, at + 256)).toString("latin1");
    const newline = CRLF.exec(head);
    const size = Number.parseInt(head, 16);
    if (newline === null || Number.isNaN(size)) {
      return { body: Buffer.concat(parts), isWhole: newline !== null || head.length === 256 };
    }
    if (size === 0) return { body: Buffer.concat(parts), isWhole: true };
    at += newline.index + newline[0].length;
    parts.push(rest.subarray(at, at + size));
    if (at + size > rest.length) return { body: Buffer.concat(parts), isWhole: false };
    at += size;
    // The line end after a chunk; where it has not come yet, the next one has not either.
    if (rest[at] === 13) at++;
    if (rest[at] === 10) at++;
  }
}

function noHttp(answer: Uint8Array): Move {
  return failed(`no HTTP answer: ${quote(answer)}`);
}

// Whether a backend has answered a check as it should. Pure: bytes in, verdict out.
import { printable } from "../../base/printable.ts";
import type { StatusRange } from "../../config/expectation.ts";

/** The most that is read of an answer. */
export const MAX_ANSWER_BYTES = 4096;

/** `passed`, `more` bytes are needed to tell, or what is wrong, in words. */
export type Verdict = "passed" | "more" | { readonly failed: string };

/** By the status line; headers and body are not waited for. */
export function judgeHttp(answer: Uint8Array, expected: readonly StatusRange[]): Verdict {
  const text = textOf(answer);
  const start = "HTTP/1.";
  if (!text.startsWith(start.slice(0, text.length))) return noHttp(text);
  if (!text.includes("\n") && answer.length < MAX_ANSWER_BYTES) return "more";
  const [, digits] = /^HTTP\/1\.[01] (\d{3})[ \r\n]/.exec(text) ?? [];
  if (digits === undefined) return noHttp(text);
  const status = Number(digits);
  const isExpected = expected.some(([from, to]) => status >= from && status <= to);
  return isExpected ? "passed" : { failed: `it answered ${status}` };
}

/** By what the answer begins with. */
export function judgePrefix(answer: Uint8Array, prefix: Uint8Array): Verdict {
  const length = Math.min(answer.length, prefix.length);
  for (let i = 0; i < length; i++) {
    if (answer[i] !== prefix[i]) return { failed: `it answered ${show(textOf(answer))}` };
  }
  return answer.length < prefix.length ? "more" : "passed";
}

function noHttp(text: string): Verdict {
  return { failed: `no HTTP answer: ${show(text)}` };
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

function show(text: string): string {
  return `"${printable(text, 60)}"`;
}

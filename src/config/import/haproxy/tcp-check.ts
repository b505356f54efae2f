// `tcp-check` lines → a check of type exchange.
import { bytesText, fromHex } from "../draft/check-bytes.ts";
import type { Notebook } from "../draft/note.ts";
import { traced, type Value } from "../draft/traced.ts";
import type { Line } from "./lexer.ts";

/** One step of a conversation. */
export type Step = { readonly line: Line } & (
  | { readonly kind: "send"; readonly bytes: string }
  | { readonly kind: "expect"; readonly bytes: string; readonly isPrefix: boolean }
);

export type Conversation = {
  readonly steps: readonly Step[];
  /** Another port than the backend's. */
  readonly port: number | null;
  readonly isTls: boolean;
};

export function readConversation(lines: readonly Line[], notes: Notebook): Conversation {
  const steps: Step[] = [];
  let port: number | null = null;
  let isTls = false;
  let connects = 0;
  for (const line of lines) {
    const [, verb = "", ...rest] = line.words;
    if (verb === "connect") {
      connects++;
      if (connects > 1) {
        notes.lost(
          line,
          "a check has one connection; write a second check, or let one port answer for both",
        );
        break;
      }
      const at = rest.indexOf("port");
      port = at < 0 ? null : Number(rest[at + 1]) || null;
      isTls = rest.includes("ssl");
    } else if (verb === "comment") notes.needless(line, "a comment");
    else {
      const step = readStep(line, verb, rest);
      if (step === null)
        notes.lost(line, "bal's checks send bytes and look for bytes; this step is left out");
      else steps.push(step);
    }
  }
  return { steps, port, isTls };
}

function readStep(line: Line, verb: string, words: readonly string[]): Step | null {
  if (verb === "send") return { line, kind: "send", bytes: words[0] ?? "" };
  if (verb === "send-binary") {
    const bytes = fromHex(words[0] ?? "");
    return bytes === null ? null : { line, kind: "send", bytes };
  }
  if (verb !== "expect") return null;
  const at = words.findIndex((word) => /^!|^r?(?:string|binary)$/.test(word));
  const [match = "", pattern = ""] = words.slice(at);
  if (match === "string") return { line, kind: "expect", bytes: pattern, isPrefix: false };
  const bytes = match === "binary" ? fromHex(pattern) : null;
  if (bytes !== null) return { line, kind: "expect", bytes, isPrefix: false };
  const literal = match === "rstring" ? literalOf(pattern) : null;
  return literal === null ? null : { line, kind: "expect", ...literal };
}

/** The text that a regular expression stands for, where it is one; a dot, which may be any character, is a dot. */
export function literalOf(regex: string): { bytes: string; isPrefix: boolean } | null {
  const isPrefix = regex.startsWith("^");
  const body = regex.slice(isPrefix ? 1 : 0).replace(/\.[*+]\$?$/, "");
  const bytes = body.replaceAll(/\\([^A-Za-z0-9])/g, "$1");
  return bytes !== "" && !/(?<!\\)[[\](){}*+?|^$]|\\[A-Za-z0-9]/.test(body)
    ? { bytes, isPrefix }
    : null;
}

/** Null: there is nothing to say or to hear. */
export function exchangeOf(steps: readonly Step[]): Record<string, Value> | null {
  const written = steps.flatMap((step) => {
    const text = bytesText(step.bytes);
    if (text === null || text === "") return [];
    return [{ ...step, text }];
  });
  if (written.length === 0) return null;
  const maps = written.map(({ line, text, ...step }) => traced({ [keyOf(step)]: text }, line));
  const [first, second] = written;
  const isPair = written.length === 2 && first?.kind === "send" && second?.kind === "expect";
  if (written.length > 1 && !isPair) return { type: "exchange", steps: maps };
  const keys = written.map((step) => [keyOf(step), traced(step.text, step.line)] as const);
  return { type: "exchange", ...Object.fromEntries(keys) };
}

function keyOf(step: { kind: "send" } | { kind: "expect"; isPrefix: boolean }): string {
  if (step.kind === "send") return "send";
  return step.isPrefix ? "expect" : "contains";
}

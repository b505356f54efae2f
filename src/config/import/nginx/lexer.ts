// An nginx.conf → its directives: words, quotes, escapes, comments, blocks (ngx_conf_file.c's grammar).
import type { Notebook, Quote } from "../draft/note.ts";

export type Directive = Quote & {
  readonly name: string;
  readonly args: readonly string[];
  /** Null: it ends in a semicolon. */
  readonly block: readonly Directive[] | null;
};

type Token =
  | { readonly kind: "word"; readonly text: string; readonly line: number }
  | { readonly kind: "{" | "}" | ";"; readonly line: number };

/** Reads directives. A text that does not fit is noted, and read as well as it can be. */
export function readDirectives(text: string, file: string, notes: Notebook): readonly Directive[] {
  const root: Directive[] = [];
  const blocks: Directive[][] = [root];
  let words: Extract<Token, { kind: "word" }>[] = [];
  const close = (block: Directive[] | null) => {
    const [first, ...rest] = words;
    if (first !== undefined) {
      const args = rest.map((word) => word.text);
      const quoted = quoteOf([first.text, ...args]);
      blocks.at(-1)?.push({ file, line: first.line, text: quoted, name: first.text, args, block });
    }
    words = [];
  };
  for (const token of tokensOf(text)) {
    if (token.kind === "word") words.push(token);
    else if (token.kind === ";") close(null);
    else if (token.kind === "{") {
      const block: Directive[] = [];
      close(block);
      blocks.push(block);
    } else {
      if (words.length > 0) unfinished(words, file, notes);
      close(null);
      if (blocks.length > 1) blocks.pop();
      else notes.lost({ file, line: token.line, text: "}" }, "no block is open here");
    }
  }
  if (words.length > 0) unfinished(words, file, notes);
  close(null);
  return root;
}

function unfinished(
  words: readonly { text: string; line: number }[],
  file: string,
  notes: Notebook,
) {
  const text = quoteOf(words.map((word) => word.text));
  notes.differs({ file, line: words[0]?.line ?? 1, text }, "the semicolon behind it is missing");
}

const MAX_TEXT = 100;

function quoteOf(words: readonly string[]): string {
  const text = words.map((word) => (word === "" ? '""' : word.replaceAll(/\s+/g, " "))).join(" ");
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}

function* tokensOf(text: string): Generator<Token> {
  let line = 1;
  let at = 0;
  while (at < text.length) {
    const character = text[at] ?? "";
    if (character === "\n") line++;
    if (/\s/.test(character)) at++;
    else if (character === "#") {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end;
    } else if (character === "{" || character === "}" || character === ";") {
      yield { kind: character, line };
      at++;
    } else {
      const { word, end } = wordAt(text, at);
      yield { kind: "word", text: word, line };
      line += text.slice(at, end).split("\n").length - 1;
      at = end;
    }
  }
}

function wordAt(text: string, start: number): { readonly word: string; readonly end: number } {
  const first = text[start] ?? "";
  const quote = first === '"' || first === "'" ? first : "";
  let word = "";
  let at = quote === "" ? start : start + 1;
  for (; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === "\\") {
      word += escaped(text[at + 1] ?? "");
      at++;
    } else if (quote !== "") {
      if (character === quote) return { word, end: at + 1 };
      word += character;
    } else {
      const isVariable = character === "{" && word.endsWith("$");
      if (!isVariable && /[\s;{]/.test(character)) break;
      word += character;
      if (isVariable) {
        const end = text.indexOf("}", at);
        word += text.slice(at + 1, end < 0 ? undefined : end + 1);
        at = end < 0 ? text.length : end;
      }
    }
  }
  return { word, end: at };
}

// A backslash before anything else stays, as in regular expressions.
function escaped(next: string): string {
  const known: Readonly<Record<string, string>> = { t: "\t", r: "\r", n: "\n" };
  if (Object.hasOwn(known, next)) return known[next] ?? "";
  return /["'\\ ;{}]/.test(next) ? (next === "\\" ? "\\" : next) : `\\${next}`;
}

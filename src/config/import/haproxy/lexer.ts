// Lines of a haproxy.cfg → words: quotes, escapes, variables and comments (HAProxy's configuration manual,
// 2.2 and 2.3).
import type { Quote } from "../draft/note.ts";

export type Line = Quote & {
  /** At least one. */
  readonly words: readonly [string, ...string[]];
  /** Variables that nobody has set: their places are empty. */
  readonly unset: readonly string[];
};

export type Variables = ReadonlyMap<string, string>;

/** Lines without words are left out. */
export function readLines(text: string, file: string, variables: Variables): readonly Line[] {
  const lines: Line[] = [];
  const known = new Map(variables);
  for (const [index, source] of text.split("\n").entries()) {
    const { words, unset } = readWords(source.replace(/\r$/, ""), known);
    const [first, ...rest] = words;
    if (first === undefined) continue;
    lines.push({ file, line: index + 1, text: shorten(source), words: [first, ...rest], unset });
    const [name, value] = rest;
    const sets = first === "setenv" || (first === "presetenv" && !known.has(name ?? ""));
    if (sets && name !== undefined && value !== undefined) known.set(name, value);
  }
  return lines;
}

const MAX_TEXT = 100;

function shorten(source: string): string {
  const text = source.trim().replaceAll(/\s+/g, " ");
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}

type Words = { readonly words: readonly string[]; readonly unset: readonly string[] };

function readWords(source: string, variables: Variables): Words {
  const words: string[] = [];
  const unset: string[] = [];
  let word: string | null = null;
  let quote = "";
  for (let at = 0; at < source.length; at++) {
    const character = source[at] ?? "";
    if (quote === "" && character === "#") break;
    if (quote === "" && /\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
      continue;
    }
    word ??= "";
    if (quote === "" && (character === '"' || character === "'")) quote = character;
    else if (character === quote) quote = "";
    else if (character === "\\" && quote !== "'") {
      const { text, length } = escaped(source.slice(at + 1));
      word += text;
      at += length;
    } else if (character === "$" && quote !== "'") {
      const { text, length, missing } = variable(source.slice(at), variables);
      word += text;
      at += length - 1;
      if (missing !== null) unset.push(missing);
    } else word += character;
  }
  if (word !== null) words.push(word);
  return { words, unset };
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

// Behind a backslash. One before anything else stays, as in regular expressions.
function escaped(rest: string): { readonly text: string; readonly length: number } {
  const [, digits] = /^x([0-9a-fA-F]{2})/.exec(rest) ?? [];
  if (digits !== undefined) {
    return { text: String.fromCharCode(Number.parseInt(digits, 16)), length: 3 };
  }
  const next = rest[0] ?? "";
  if (Object.hasOwn(ESCAPES, next)) return { text: ESCAPES[next] ?? "", length: 1 };
  return /^[\\ #"'$]/.test(next) ? { text: next, length: 1 } : { text: "\\", length: 0 };
}

// `$NAME`, `${NAME}`, `${NAME-default}`, at the dollar.
function variable(rest: string, variables: Variables) {
  const [all, braced, usual, simple] =
    /^\$\{([A-Za-z_]\w*)(?:-([^}]*))?\}|^\$([A-Za-z_]\w*)/.exec(rest) ?? [];
  if (all === undefined) return { text: "$", length: 1, missing: null };
  const name = braced ?? simple ?? "";
  const value = variables.get(name) ?? usual;
  return { text: value ?? "", length: all.length, missing: value === undefined ? name : null };
}

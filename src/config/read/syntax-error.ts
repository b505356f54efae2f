// The YAML parser's complaint → the mistake that a person made, its place, and what to write.
import type { YAMLError } from "yaml";
import type { Finding, PlacedFinding } from "../report.ts";
import { explainIndent } from "./indentation.ts";
import { findOddCharacter } from "./odd-characters.ts";
import { isUnclosedQuote, openBrackets, tokensOf, type YamlToken } from "./tokens.ts";
import { NO_TEMPLATES, NO_VARIABLES } from "./variables.ts";

type Mistake = {
  readonly text: string;
  /** Where the parser stumbled, and how. */
  readonly at: number;
  readonly error: YAMLError;
  readonly tokens: readonly YamlToken[];
};

/** The first that fits; where none does, the parser's own message is printed. */
export function explainSyntaxError(text: string, error: YAMLError): PlacedFinding {
  const mistake = { text, error, at: error.pos[0], tokens: tokensOf(text) };
  for (const explain of EXPLANATIONS) {
    const explained = explain(mistake);
    if (explained !== null) return explained;
  }
  const [start, end] = error.pos;
  const message = error.message.split("\n")[0] ?? error.message;
  const code = error.code.toLowerCase().replaceAll("_", "-");
  return { span: { start, end }, finding: { code, message } };
}

type Explain = (mistake: Mistake) => PlacedFinding | null;

const EXPLANATIONS: readonly Explain[] = [
  tab,
  secondDocument,
  conflictMarker,
  oddCharacter,
  variable,
  template,
  foreignComment,
  unclosedQuote,
  unclosedBracket,
  missingSpace,
  missingComma,
  commaAtEnd,
  bracketedAddress,
  reservedCharacter,
  secondColon,
  listForMap,
  indentation,
  badEscape,
];

function tab({ error, at }: Mistake): PlacedFinding | null {
  if (error.code !== "TAB_AS_INDENT") return null;
  const message = "YAML does not allow tabs for indentation; use spaces";
  return { span: { start: at, end: at + 1 }, finding: { code: "tab-as-indent", message } };
}

function secondDocument({ error, at }: Mistake): PlacedFinding | null {
  if (error.code !== "MULTIPLE_DOCS") return null;
  const message = "a config is one YAML document, and a second one begins here";
  return { span: { start: at, end: at + 3 }, finding: { code: "multiple-docs", message } };
}

function conflictMarker({ text }: Mistake): PlacedFinding | null {
  const marker = /^(?:<{7}|={7}|>{7})(?: .*)?$/m.exec(text);
  if (marker === null) return null;
  const message = "this is a conflict marker that git left in the file";
  const hint = "keep one of the two sides, and delete the lines with <<<<<<<, ======= and >>>>>>>";
  return at(marker.index, marker[0].length, { code: "merge-conflict", message, hint });
}

function oddCharacter({ text, at: offset }: Mistake): PlacedFinding | null {
  const start = lineStart(text, offset);
  const line = lineAt(text, start).replace(/\s#.*$/, "");
  const odd = findOddCharacter(line);
  if (odd === null) return null;
  const message = `this is ${odd.name}, which YAML takes for a letter`;
  return at(start + odd.at, 1, { code: "odd-character", message, hint: odd.remedy });
}

// In braces YAML takes the brace of `${HOST}` for a map.
function variable({ text, at: offset }: Mistake): PlacedFinding | null {
  const start = lineStart(text, offset);
  const [before = "", written] = /^.*?(?=\$\{\w+\})/.exec(lineAt(text, start)) ?? [];
  const name = /^\$\{\w+\}/.exec(text.slice(start + before.length))?.[0] ?? written;
  if (name === undefined || before.length + start + 1 !== offset) return null;
  const message = `\`${name}\` is not expanded: bal does not expand environment variables in its config`;
  return at(start + before.length, name.length, {
    code: "not-filled-in",
    message,
    hint: NO_VARIABLES,
  });
}

function template({ text, at: offset }: Mistake): PlacedFinding | null {
  const start = lineStart(text, offset);
  const found = /\{\{|\{%|<%/.exec(lineAt(text, start).replace(/(?:^|\s)#.*$/, ""));
  if (found === null) return null;
  const message = "here is a template";
  return at(start + found.index, 2, { code: "not-filled-in", message, hint: NO_TEMPLATES });
}

function foreignComment({ text, at: offset }: Mistake): PlacedFinding | null {
  const start = lineStart(text, offset);
  const mark = /^\s*(\/\/|\/\*|--(?=\s)|;)/.exec(lineAt(text, start));
  if (mark === null) return null;
  const message = `\`${mark[1]}\` begins no comment in YAML`;
  const place = start + mark[0].length - (mark[1] ?? "").length;
  return at(place, (mark[1] ?? "").length, {
    code: "unexpected-token",
    message,
    hint: "write `#`",
  });
}

function unclosedQuote({ tokens, text, at: offset, error }: Mistake): PlacedFinding | null {
  if (error.code === "BAD_DQ_ESCAPE") return null;
  const quote = tokens.find((token) => token.offset <= offset && isUnclosedQuote(token));
  if (quote === undefined) return null;
  const { offset: start } = quote;
  const value = /^["'][^,\]}\r\n]*/.exec(text.slice(start))?.[0].trimEnd() ?? "";
  const message = "this quote is never closed";
  const hint = `close it: ${value}${value[0]}`;
  return at(start, value.length, { code: "unclosed-quote", message, hint });
}

const CLOSERS: Readonly<Record<string, string>> = { "{": "}", "[": "]" };

function unclosedBracket({ error, tokens, text, at: offset }: Mistake): PlacedFinding | null {
  if (!/must (?:be sufficiently indented and )?end with a [\]}]/.test(error.message)) return null;
  const open = openBrackets(tokens, offset);
  const last = open.at(-1);
  if (last === undefined) return null;
  const closer = CLOSERS[last.source] ?? "";
  const found = text[offset] ?? "";
  const isOther = (found === "]" || found === "}") && found !== closer;
  if (isOther && !open.some(({ source }) => CLOSERS[source] === found)) {
    if (text.slice(0, offset).trimEnd().endsWith(found)) {
      const message = `\`${found}\` closes nothing: no such bracket is open here`;
      return at(offset, 1, { code: "unclosed-bracket", message, hint: "leave it out" });
    }
    const message = `\`${found}\` does not close \`${last.source}\``;
    const hint = `write \`${closer}\` instead`;
    return at(offset, 1, { code: "unclosed-bracket", message, hint });
  }
  const message = `this \`${last.source}\` is never closed`;
  const hint = `write \`${closer}\` after its last value`;
  return at(last.offset, 1, { code: "unclosed-bracket", message, hint });
}

// `port:9295`, `port = 9295`, `port 9295`, `listeners`, `-{host: a}`: words that are no key.
function missingSpace({ error, text, at: offset }: Mistake): PlacedFinding | null {
  const line = lineAt(text, lineStart(text, offset));
  const dash = /^(\s*)-(?=[^\s-])/.exec(line);
  if (dash !== null) {
    const hint = `write \`- ${line.trim().slice(1)}\``;
    const start = lineStart(text, offset) + (dash[1] ?? "").length;
    return at(start, 1, { code: "missing-space", message: "a space is missing after `-`", hint });
  }
  const isNoKey =
    error.code === "MULTILINE_IMPLICIT_KEY" || /followed by map val/.test(error.message);
  const words = lineAt(text, offset)
    .replace(/\s#.*$/, "")
    .trimEnd();
  return isNoKey ? explainNoKey(words, offset) : null;
}

/** Words that stand where a key belongs. Null: they are not like one. */
export function explainNoKey(words: string, offset: number): PlacedFinding | null {
  const [, key = "", between = "", value = ""] =
    /^["']?([A-Za-z_-][\w-]*)["']?(:|\s*:?=\s*|\s+|$)(.*)$/.exec(words) ?? [];
  if (key === "" || value.startsWith("//") || /: |:$/.test(value)) return null;
  const hint = `write \`${key}: ${value === "" ? "…" : value}\``;
  const message =
    between === ":"
      ? `a space is missing after \`${key}:\``
      : between.includes("=")
        ? `\`${key}\` is followed by \`=\`, where YAML needs a colon and a space`
        : `a colon is missing after \`${key}\``;
  const code = between === ":" ? "missing-space" : "missing-colon";
  return at(offset, words.length, { code, message, hint });
}

function missingComma({ error, text, tokens, at: offset }: Mistake): PlacedFinding | null {
  // `{…}` and the next `{…}`, as a rule on the next line.
  const written = text.slice(0, offset).trimEnd();
  if (
    /[}\]]$/.test(written) &&
    /[{[]/.test(text[offset] ?? "") &&
    openBrackets(tokens, offset).length > 0
  ) {
    const message = `a comma is missing behind \`${written.at(-1)}\``;
    const hint = `write \`${written.at(-1)},\``;
    return at(written.length - 1, 1, { code: "missing-comma", message, hint });
  }
  // `{"host": "a" "port": 1}`
  if (
    error.code === "UNEXPECTED_TOKEN" &&
    text[offset] === '"' &&
    openBrackets(tokens, offset).length > 0
  ) {
    const value = /^"[^"\n]*"?/.exec(lineAt(text, offset))?.[0] ?? "";
    const message = `a comma is missing before \`${value}\``;
    return at(offset, value.length, {
      code: "missing-comma",
      message,
      hint: `write \`, ${value}\``,
    });
  }
  if (error.code !== "BLOCK_IN_FLOW") return null;
  const line = lineAt(text, offset);
  const [, before = "", key = ""] = /^([^,{}[\]]*?)\s+([\w-]+):\s/.exec(line) ?? [];
  if (key === "") return null;
  const message = `a comma is missing before \`${key}\``;
  const hint = `write \`${before}, ${key}: …\``;
  return at(offset + before.length, 1, { code: "missing-comma", message, hint });
}

function commaAtEnd({ error, text, at: offset }: Mistake): PlacedFinding | null {
  if (error.code !== "UNEXPECTED_TOKEN" || !/^[,;]\s*(?:#.*)?\r?$/.test(lineAt(text, offset)))
    return null;
  const message = `\`${text[offset]}\` follows the end of the value`;
  return at(offset, 1, { code: "unexpected-token", message, hint: "leave it out" });
}

// `[::]:80`: a list to YAML, with something behind it.
function bracketedAddress({ error, text, at: offset }: Mistake): PlacedFinding | null {
  if (error.code !== "UNEXPECTED_TOKEN") return null;
  const before = /\[[\da-fA-F:.]*\]$/.exec(text.slice(lineStart(text, offset), offset));
  const after = /^:\d+/.exec(lineAt(text, offset));
  if (before === null || after === null) return null;
  const value = before[0] + after[0];
  const message = `YAML reads \`${before[0]}\` as a list unless it is in quotes`;
  const start = offset - before[0].length;
  return at(start, value.length, { code: "needs-quotes", message, hint: `write "${value}"` });
}

function reservedCharacter({ error, text, at: offset }: Mistake): PlacedFinding | null {
  const isAlias = error.code === "BAD_ALIAS" && text[offset] === "*";
  if (error.code !== "BAD_SCALAR_START" && !isAlias) return null;
  const value = /^[^\s,\]}]*/.exec(text.slice(offset))?.[0] ?? "";
  if (value === "*") {
    const message = "`*` alone is no value in YAML";
    const hint = "for every address write 0.0.0.0";
    return at(offset, 1, { code: "needs-quotes", message, hint });
  }
  const message = `a value that begins with \`${text[offset]}\` needs quotes in YAML`;
  return at(offset, value.length, { code: "needs-quotes", message, hint: `write "${value}"` });
}

// `host: 10.0.0.1: 443`, `bind_address: ::`, `- host: a, port: 443`.
function secondColon({ error, text, at: offset }: Mistake): PlacedFinding | null {
  if (error.code !== "BLOCK_AS_IMPLICIT_KEY" || isFirst(text, offset)) return null;
  const value = lineAt(text, offset)
    .replace(/\s#.*$/, "")
    .trimEnd();
  if (!/:(?:\s|$)/.test(value)) return null;
  const key = /([\w-]+):\s*$/.exec(text.slice(lineStart(text, offset), offset))?.[1] ?? "";
  const [, host = "", port = ""] = /^(\S+):\s+(\d+)$/.exec(value) ?? [];
  const hint =
    key === "host" && port !== ""
      ? `write \`host: ${host}\` and \`port: ${port}\`, each on its own line`
      : /, ?[\w-]+:/.test(value)
        ? `write one key on each line, or all of them in braces: {${key}: ${value}}`
        : `write the value in quotes: ${key}: "${value}"`;
  const message = "there is a second colon on this line: YAML takes the text before it for a key";
  return at(offset, value.length, { code: "second-colon", message, hint });
}

function listForMap({ error, tokens, at: offset }: Mistake): PlacedFinding | null {
  const first = tokens.find(
    ({ type }) => !["space", "newline", "comment", "doc-start"].includes(type),
  );
  if (error.code !== "UNEXPECTED_TOKEN" || first?.type !== "seq-item-ind") return null;
  const message =
    "the file begins with a list, and this is a key: a config is a map of keys and values";
  const hint = "write the list's key above it, such as `backends:`";
  return at(offset, error.pos[1] - offset, { code: "unexpected-token", message, hint });
}

const OF_INDENT = ["BAD_INDENT", "BLOCK_AS_IMPLICIT_KEY", "MULTILINE_IMPLICIT_KEY"];

function indentation({ error, text, at: offset }: Mistake): PlacedFinding | null {
  const isAtLineStart = isFirst(text, offset);
  const isOfList = error.message.startsWith("Sequence item without");
  if (!OF_INDENT.includes(error.code) && !isOfList && !isAtLineStart) return null;
  return explainIndent(text, isAtLineStart ? offset : nextLine(text, offset));
}

function badEscape({ error, text, at: offset }: Mistake): PlacedFinding | null {
  if (error.code !== "BAD_DQ_ESCAPE") return null;
  const written = text.slice(offset, offset + 2);
  const message = `\`${written}\` is not a valid escape in double quotes`;
  const hint = `write \`\\${written}\`, or use single quotes, in which a backslash is only a backslash`;
  return at(offset, 2, { code: "bad-escape", message, hint });
}

function at(start: number, length: number, finding: Finding): PlacedFinding {
  return { span: { start, end: start + length }, finding };
}

/** Is it the first of its line? */
function isFirst(text: string, offset: number): boolean {
  return text.slice(lineStart(text, offset), offset).trim() === "";
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

/** From the offset on. */
function lineAt(text: string, offset: number): string {
  const end = text.indexOf("\n", offset);
  return text.slice(offset, end < 0 ? undefined : end).replace(/\r$/, "");
}

function nextLine(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  return end < 0 ? text.length : end + 1;
}

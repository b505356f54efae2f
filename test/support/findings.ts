// The config parser's findings in a text, in a form that tables can hold.
import { expect } from "bun:test";
import type { Diagnostic } from "../../src/config/diagnostics.ts";
import { type ParseResult, parseConfig } from "../../src/config/parse.ts";

/** `line:column`, the key's path, the code; then words that message and hint must have. */
export type Expected = readonly [place: string, path: string, code: string, ...words: string[]];

/** JSON is YAML: what is no text is written as such. */
export function parse(source: unknown): ParseResult {
  const text = typeof source === "string" ? source : JSON.stringify(source);
  return parseConfig(new TextEncoder().encode(text), "config.yaml");
}

export function errorsOf(result: ParseResult): readonly Diagnostic[] {
  return result.kind === "valid" ? [] : result.errors;
}

export function warningsOf(source: unknown, code: string): readonly Diagnostic[] {
  return parse(source).warnings.filter((warning) => warning.code === code);
}

/** Holds them all, in the order of the file. */
export function expectFindings(found: readonly Diagnostic[], expected: readonly Expected[]): void {
  const places = found.map(({ line, column, path, code }) => [`${line}:${column}`, path, code]);
  expect(places).toEqual(expected.map(([place, path, code]) => [place, path, code]));
  for (const [index, [, , , ...words]] of expected.entries()) {
    const { message, hint = "" } = found[index]!;
    for (const word of words) expect(`${message}; ${hint}`).toContain(word);
  }
}

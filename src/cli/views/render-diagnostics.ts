// Findings in a config file, as people, scripts and GitHub read them.

import { printable, printableSource } from "../../base/printable.ts";
import type { Diagnostic } from "../../config/diagnostics.ts";
import { color } from "./color.ts";

const MAX_EXCERPT = 120;

/** With the line of the source and a caret under the place. `fd`: where it will be written. */
export function renderPretty(found: readonly Diagnostic[], source: string, fd: 1 | 2): string {
  const lines = source.split(/\r?\n/);
  return found.map((diagnostic) => prettyOne(diagnostic, lines, fd)).join("\n");
}

/** One workflow command each: https://docs.github.com/actions, workflow commands. */
export function renderGithub(found: readonly Diagnostic[]): string {
  return found
    .map(({ severity, file, line, column, end_column, path, message, hint }) => {
      const where = path === "" ? "" : `${path}: `;
      const text = `${where}${message}${hint === undefined ? "" : ` (${hint})`}`;
      const end = end_column === undefined ? "" : `,endColumn=${end_column}`;
      const place = `file=${property(file)},line=${line},col=${column}${end}`;
      return `::${severity} ${place}::${data(text)}`;
    })
    .join("\n");
}

/** Without what the surrounding object says already. */
export function renderJson(found: readonly Diagnostic[]): readonly object[] {
  return found.map(({ path, line, column, end_column, code, message, hint }) => ({
    path,
    line,
    column,
    ...(end_column !== undefined && { end_column }),
    code,
    message,
    ...(hint !== undefined && { hint }),
  }));
}

function prettyOne(diagnostic: Diagnostic, lines: readonly string[], fd: 1 | 2): string {
  const { severity, file, line, column, end_column, path, code, message, hint } = diagnostic;
  const colour = severity === "error" ? "red" : "yellow";
  const head = `${color(fd, "bold", printable(`${file}:${line}:${column}`))}: ${color(fd, colour, severity)}`;
  const where = path === "" ? "" : `${path}: `;
  // The code is the name that `--allow` takes.
  const named = severity === "warning" ? color(fd, "dim", ` [${printable(code)}]`) : "";
  const said = [`${head}: ${printable(where + message)}${named}`];
  const text = lines[line - 1];
  if (text !== undefined && text.trim() !== "") {
    const gutter = " ".repeat(String(line).length);
    const { shown, caret } = excerpt(text, { column, length: (end_column ?? column) - column });
    said.push(color(fd, "dim", ` ${line} | `) + shown);
    said.push(color(fd, "dim", ` ${gutter} | `) + color(fd, colour, caret));
  }
  if (hint !== undefined) said.push(`   ${color(fd, "cyan", "hint")}: ${printable(hint)}`);
  return said.join("\n");
}

// Cuts the part around the place from a long line.
function excerpt(
  text: string,
  { column, length }: { readonly column: number; readonly length: number },
): { shown: string; caret: string } {
  const from = column < MAX_EXCERPT - 20 ? 0 : column - 1 - MAX_EXCERPT / 2;
  const before = (from > 0 ? "…" : "") + printableSource(text.slice(from, column - 1));
  const after = printableSource(text.slice(column - 1, from + MAX_EXCERPT));
  const cut = text.length > from + MAX_EXCERPT ? "…" : "";
  const marked =
    length > 0
      ? Bun.stringWidth(printableSource(text.slice(column - 1, column - 1 + length)))
      : wordWidth(after);
  const width = Math.min(marked, Bun.stringWidth(after));
  const caret = " ".repeat(Bun.stringWidth(before)) + "^".repeat(Math.max(1, width));
  return { shown: before + after + cut, caret };
}

// As long as the word at its beginning.
function wordWidth(text: string): number {
  const word = /^(?:"[^"]*"|'[^']*'|[^\s,[\]{}]+)/.exec(text);
  return Math.max(1, Bun.stringWidth(word?.[0].replace(/:$/, "") ?? ""));
}

// Line ends are escaped already, by us: an annotation is one line.
function data(text: string): string {
  return printable(text).replaceAll("%", "%25");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

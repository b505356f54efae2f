// Findings in a config file, as people, scripts and GitHub read them.
import type { Diagnostic } from "../config/diagnostics.ts";
import { paint } from "./paint.ts";

const MAX_EXCERPT = 120;

/** With the line of the source and a caret under the place. `fd`: where it will be written. */
export function renderPretty(found: readonly Diagnostic[], source: string, fd: 1 | 2): string {
  const lines = source.split(/\r?\n/);
  return found.map((diagnostic) => prettyOne(diagnostic, lines, fd)).join("\n");
}

/** One workflow command each: https://docs.github.com/actions, workflow commands. */
export function renderGithub(found: readonly Diagnostic[]): string {
  return found
    .map(({ severity, file, line, column, path, message, hint }) => {
      const where = path === "" ? "" : `${path}: `;
      const text = `${where}${message}${hint === undefined ? "" : ` (${hint})`}`;
      return `::${severity} file=${property(file)},line=${line},col=${column}::${data(text)}`;
    })
    .join("\n");
}

/** Without what the surrounding object says already. */
export function renderJson(found: readonly Diagnostic[]): readonly object[] {
  return found.map(({ path, line, column, code, message, hint }) => ({
    path,
    line,
    column,
    code,
    message,
    ...(hint !== undefined && { hint }),
  }));
}

function prettyOne(diagnostic: Diagnostic, lines: readonly string[], fd: 1 | 2): string {
  const { severity, file, line, column, path, message, hint } = diagnostic;
  const colour = severity === "error" ? "red" : "yellow";
  const head = `${paint(fd, "bold", `${file}:${line}:${column}`)}: ${paint(fd, colour, severity)}`;
  const where = path === "" ? "" : `${path}: `;
  const said = [`${head}: ${where}${message}`];
  const text = lines[line - 1];
  if (text !== undefined && text.trim() !== "") {
    const number = String(line);
    const gutter = " ".repeat(number.length);
    const caret = " ".repeat(Math.min(column, MAX_EXCERPT) - 1) + "^".repeat(width(text, column));
    said.push(paint(fd, "dim", ` ${number} | `) + printable(text).slice(0, MAX_EXCERPT));
    said.push(paint(fd, "dim", ` ${gutter} | `) + paint(fd, colour, caret));
  }
  if (hint !== undefined) said.push(`   ${paint(fd, "cyan", "hint")}: ${hint}`);
  return said.join("\n");
}

// As long as the word that begins there.
function width(text: string, column: number): number {
  const word = /^(?:"[^"]*"|'[^']*'|[^\s,[\]{}]+)/.exec(text.slice(column - 1));
  return Math.max(1, Math.min(word?.[0].replace(/:$/, "").length ?? 1, MAX_EXCERPT - column));
}

function printable(text: string): string {
  return text.replaceAll("\t", " ").replaceAll(/\p{Cc}/gu, "�");
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

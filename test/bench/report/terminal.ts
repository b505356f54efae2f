// The answer to a question as a table for the terminal.
import type { Answer } from "../rounds.ts";
import { type Cell, digits, direction, type Row, rowsOf, SUBJECT } from "./summary.ts";

const LABEL_WIDTH = 15;
const CELL_WIDTH = 17;

export function terminalTable(answer: Answer, rivals: readonly string[]): string {
  const { name, title, notes } = answer.question;
  const rows = rowsOf(answer, rivals);
  const asked = rivals.filter((rival) => answer.measurements.some((one) => one.rival === rival));
  const head = [`${name}: ${title}`, ...notes.map((note) => `  ${note}`), line("", asked)];
  return [...head, ...rows.flatMap((row) => rowLines(row, asked)), ""].join("\n");
}

function rowLines({ figure, cells }: Row, asked: readonly string[]): string[] {
  const shown = cells.filter(({ rival }) => asked.includes(rival));
  const title = figure.title === "" ? figure.unit : `${figure.title}: ${figure.unit}`;
  const lines = [
    `  ${title}, ${direction(figure)}`,
    line("median", shown.map(median)),
    line("min..max", shown.map(ends)),
  ];
  const hasRatio = shown.some(({ ratio }) => ratio !== null);
  return hasRatio ? [...lines, line(`${SUBJECT} is to it`, shown.map(ratioOf))] : lines;
}

function line(label: string, cells: readonly string[]): string {
  return `    ${label.padEnd(LABEL_WIDTH)}${cells.map((cell) => cell.padStart(CELL_WIDTH)).join("")}`;
}

function median({ spread, failures }: Cell): string {
  if (spread === null) return failures > 0 ? "failed" : "-";
  return failures > 0 ? `${digits(spread.median)} (${failures} failed)` : digits(spread.median);
}

function ends({ spread }: Cell): string {
  return spread === null ? "" : `${digits(spread.min)}..${digits(spread.max)}`;
}

function ratioOf({ ratio }: Cell): string {
  return ratio === null ? "" : `${ratio.toFixed(2)}x`;
}

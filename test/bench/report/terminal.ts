// The answer to a question as a table for the terminal: a block for each figure, a line for each rival.
import type { Answer } from "../rounds.ts";
import { type Cell, digits, direction, type Row, rowsOf, SUBJECT, titleOf } from "./summary.ts";

const MEDIAN_WIDTH = 12;
const RANGE_WIDTH = 22;

export function terminalTable(answer: Answer, rivals: readonly string[]): string {
  const { name, title, notes } = answer.question;
  const rows = rowsOf(answer, rivals);
  const width = Math.max(...rivals.map((rival) => rival.length));
  const head = [`${name}: ${title}`, ...notes.map((note) => `  ${note}`)];
  return [...head, ...rows.flatMap((row) => block(row, width)), ""].join("\n");
}

function block({ figure, cells }: Row, width: number): string[] {
  const shown = cells.filter(({ spread, failures }) => spread !== null || failures > 0);
  return [
    `  ${titleOf(figure)}, ${direction(figure)}`,
    ...shown.map((cell) => `    ${cell.rival.padEnd(width)}${cellText(cell)}`.trimEnd()),
  ];
}

function cellText({ spread, ratio, failures }: Cell): string {
  const failed = failures > 0 ? `  ${failures} failed` : "";
  if (spread === null) return failed;
  const median = digits(spread.median).padStart(MEDIAN_WIDTH);
  const range = `${digits(spread.min)}..${digits(spread.max)}`.padStart(RANGE_WIDTH);
  return `${median}${range}${ratio === null ? "" : `  ${SUBJECT} is ${ratio.toFixed(2)}x`}${failed}`;
}

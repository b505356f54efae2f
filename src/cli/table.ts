// Columns for people: text to the left, numbers to the right.
import { paint } from "./paint.ts";

type Cell = string | number;

export function renderTable(
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
): string {
  const widths = columns.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => width(row[column] ?? ""))),
  );
  const line = (cells: readonly Cell[], isRight: (column: number) => boolean) =>
    cells
      .map((cell, column) => pad(cell, widths[column] ?? 0, isRight(column)))
      .join("  ")
      .trimEnd();
  const isNumber = (column: number) => rows.some((row) => typeof row[column] === "number");
  const head = paint(1, "dim", line(columns, isNumber));
  return [head, ...rows.map((row) => line(row, isNumber))].map((text) => `  ${text}`).join("\n");
}

function pad(cell: Cell, to: number, isRight: boolean): string {
  const space = " ".repeat(Math.max(0, to - width(cell)));
  return isRight ? `${space}${cell}` : `${cell}${space}`;
}

function width(cell: Cell): number {
  return Bun.stringWidth(String(cell));
}

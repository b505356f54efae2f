// Columns for people: text to the left, numbers to the right. Where there is too little room, columns go
// by their rank, and then the last one is cut.
import { color, type Style } from "./color.ts";

export type Cell = string | number | { readonly text: string; readonly style: Style };

export type Column =
  | string
  | {
      readonly title: string;
      /** To the right; where it is not said, a column with a number in it is. */
      readonly isNumber?: boolean;
      /** The highest goes first where there is too little room; one without a rank stays. */
      readonly rank?: number;
      /** It is left out where all of its cells are empty. */
      readonly isOptional?: boolean;
    };

type TableOptions = {
  /** The terminal's width, in columns; by default there is room for everything. */
  readonly width?: number;
};

const INDENT = "  ";
const GAP = "  ";
/** A last column with less is of no use. */
const MIN_LAST = 28;

type Plan = {
  readonly index: number;
  readonly title: string;
  readonly isRight: boolean;
  readonly rank: number;
  readonly width: number;
};

export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: TableOptions = {},
): string {
  return tableLines(columns, rows, options).join("\n");
}

/** The head, then a line for each row. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: TableOptions = {},
): readonly string[] {
  return plannedLines(planTable(columns, rows, options), rows, options);
}

/** Which columns there are and how wide: for all rows together, of one table or of several alike. */
export function planTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { width = Number.POSITIVE_INFINITY }: TableOptions = {},
): readonly Plan[] {
  const isEmpty = (index: number) => rows.every((row) => textOf(row[index] ?? "").trim() === "");
  const plans = columns.flatMap((column, index) => {
    const isOptional = typeof column === "object" && column.isOptional === true;
    return isOptional && isEmpty(index) ? [] : planOf(column, index, rows);
  });
  return fitted(plans, width);
}

export function plannedLines(
  plans: readonly Plan[],
  rows: readonly (readonly Cell[])[],
  { width = Number.POSITIVE_INFINITY }: TableOptions = {},
): readonly string[] {
  const line = (cellOf: (plan: Plan) => Cell) =>
    `${INDENT}${plans.map((plan) => padded(cellOf(plan), plan)).join(GAP)}`.trimEnd();
  const head = color(
    1,
    "dim",
    line(({ title }) => title),
  );
  return [head, ...rows.map((row) => line(({ index }) => row[index] ?? ""))].map((text) =>
    clip(text, width),
  );
}

/** Cut to so many columns of a terminal, colours and wide characters included; with an ellipsis. */
export function clip(text: string, width: number): string {
  if (Bun.stringWidth(text) <= width) return text;
  return `${Bun.sliceAnsi(text, 0, Math.max(0, width - 1))}…`;
}

/** The middle goes: names alike differ at their ends. */
export function clipMiddle(text: string, width: number): string {
  const full = Bun.stringWidth(text);
  if (full <= width) return text;
  const tail = Math.floor((width - 1) / 2);
  return `${Bun.sliceAnsi(text, 0, width - 1 - tail)}…${Bun.sliceAnsi(text, full - tail)}`;
}

function planOf(column: Column, index: number, rows: readonly (readonly Cell[])[]): Plan {
  const { title, isNumber, rank = 0 } = typeof column === "string" ? { title: column } : column;
  const isRight = isNumber ?? rows.some((row) => typeof row[index] === "number");
  const width = rows.reduce(
    (widest, row) => Math.max(widest, Bun.stringWidth(textOf(row[index] ?? ""))),
    title.length,
  );
  return { index, title, isRight, rank, width };
}

function fitted(plans: readonly Plan[], width: number): readonly Plan[] {
  const last = plans.at(-1);
  const needed = plans.reduce(
    (sum, plan) => sum + GAP.length + (plan === last ? Math.min(plan.width, MIN_LAST) : plan.width),
    INDENT.length - GAP.length,
  );
  if (needed <= width) return plans;
  const rank = Math.max(...plans.map((plan) => plan.rank));
  if (rank <= 0) return plans;
  // The rightmost column of a rank goes first.
  const gone = plans.findLastIndex((plan) => plan.rank === rank);
  return fitted(plans.toSpliced(gone, 1), width);
}

function padded(cell: Cell, { width, isRight }: Plan): string {
  const text = textOf(cell);
  const space = " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
  const painted = typeof cell === "object" ? color(1, cell.style, text) : text;
  return isRight ? `${space}${painted}` : `${painted}${space}`;
}

function textOf(cell: Cell): string {
  return typeof cell === "object" ? cell.text : String(cell);
}

// A backend as a row of figures: the columns of `bal status` and `bal top`, and what stands in them.
import type { BackendStatus, CheckStatus } from "../../api/admin-api.ts";
import { overrideNotes } from "../../api/override-notes.ts";
import type { Lately } from "../../api/recent-rates.ts";
import {
  ageFigure,
  ageSince,
  countFigure,
  delayFigure,
  rateFigure,
  sizeFigure,
  sizeRateFigure,
} from "../../base/figures.ts";
import { printable } from "../../base/printable.ts";
import type { Style } from "./color.ts";
import { sparkline } from "./sparkline.ts";
import { type Cell, type Column, clipMiddle } from "./table.ts";

export type View = {
  readonly lately: Lately;
  /** By the wall clock. */
  readonly nowMs: number;
  /** The terminal's width; by default there is room for everything. */
  readonly width?: number;
};

export const STATE_STYLES: Readonly<Record<BackendStatus["state"], Style>> = {
  up: "green",
  unknown: "gray",
  draining: "yellow",
  ejected: ["red", "bold"],
  unresolved: ["red", "bold"],
  down: ["red", "bold"],
};

export const BACKEND_COLUMNS: readonly Column[] = [
  "BACKEND",
  { title: "ADDRESS", rank: 12, isOptional: true },
  "STATE",
  { title: "SINCE", rank: 2, isNumber: true },
  { title: "WEIGHT", rank: 6, isNumber: true },
  { title: "ACTIVE", isNumber: true },
  { title: "NEW/S", rank: 1, isNumber: true },
  { title: "RECENT", rank: 4, isOptional: true },
  { title: "TOTAL", rank: 5, isNumber: true },
  { title: "IN/S", rank: 3, isNumber: true },
  { title: "OUT/S", rank: 3, isNumber: true },
  { title: "IN", rank: 9, isNumber: true },
  { title: "OUT", rank: 9, isNumber: true },
  { title: "DIAL ERRORS", rank: 7, isNumber: true },
  { title: "RETRIES", rank: 11, isNumber: true },
  { title: "DOWN FOR", rank: 10, isNumber: true },
  { title: "CHECK", rank: 8, isNumber: true },
  { title: "WHY" },
];

/** In the order of BACKEND_COLUMNS. */
export function backendCells(
  pool: string,
  backend: BackendStatus,
  { lately, nowMs, width = Number.POSITIVE_INFINITY }: View,
): readonly Cell[] {
  const recent = lately.backend(pool, backend.name);
  const { name, address, state, dial_errors, retries, active, max_connections: max } = backend;
  const isFull = max > 0 && active >= max;
  return [
    clipMiddle(printable(name), Math.max(MIN_NAME, Math.floor(width * 0.4))),
    address === name ? "" : printable(address),
    { text: backend.backup ? `${state}, backup` : state, style: STATE_STYLES[state] },
    `${ageSince(backend.since, nowMs)} ago`,
    backend.weight,
    { text: max > 0 ? `${active} of ${max}` : String(active), style: isFull ? "yellow" : "reset" },
    rateFigure(recent.connectionsPerS),
    sparkline(recent.trend, TREND_WIDTH),
    countFigure(backend.total),
    sizeRateFigure(recent.bytesUpPerS),
    sizeRateFigure(recent.bytesDownPerS),
    sizeFigure(backend.bytes_up),
    sizeFigure(backend.bytes_down),
    warned(dial_errors),
    countFigure(retries),
    backend.down_s === 0 ? "0" : ageFigure(backend.down_s),
    delayFigure(backend.check_ms),
    printable(
      [backend.reason ?? [], progress(backend) ?? [], overrideNotes(backend)].flat().join("; "),
    ),
  ];
}

const TREND_WIDTH = 12;
/** A path of a unix socket may be longer than a terminal is wide. */
const MIN_NAME = 12;

function warned(count: number): Cell {
  return count === 0 ? "0" : { text: countFigure(count), style: "yellow" };
}

/** How far checks are on the way to another state: `2 of 3 checks failed`; null: they confirm it. */
export function progress({ state, check }: Pick<BackendStatus, "state" | "check">): string | null {
  const { last, in_a_row, needed }: CheckStatus = check;
  const against = state === "up" ? "failed" : state === "down" ? "passed" : null;
  return last === null || last !== against || in_a_row >= needed
    ? null
    : `${in_a_row} of ${needed} checks ${last}`;
}

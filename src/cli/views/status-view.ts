// A status as lines for people: the headline, what is wrong, and a table for the listeners and each pool.

import type { BackendStatus, PoolStatus, Status } from "../../api/admin-api.ts";
import { destinationOf } from "../../api/destination.ts";
import { overrideNotes } from "../../api/override-notes.ts";
import { availability, isAvailable, problemsOf } from "../../api/problems.ts";
import type { Lately } from "../../api/recent-rates.ts";
import {
  ageFigure,
  ageSince,
  countFigure,
  delayFigure,
  plural,
  rateFigure,
  sizeFigure,
  sizeRateFigure,
} from "../../base/figures.ts";
import { printable } from "../../base/printable.ts";
import { color, type Style } from "./color.ts";
import { sparkline } from "./sparkline.ts";
import { type Cell, type Column, clip, tableLines } from "./table.ts";

export type View = {
  readonly lately: Lately;
  /** By the wall clock. */
  readonly nowMs: number;
  /** Of the terminal; by default there is room for everything. */
  readonly width?: number;
};

const STYLES: Readonly<Record<BackendStatus["state"], Style>> = {
  up: "green",
  unknown: "gray",
  draining: "yellow",
  ejected: ["red", "bold"],
  unresolved: ["red", "bold"],
  down: ["red", "bold"],
};

export function statusLines(status: Status, view: View): readonly string[] {
  const { width = Number.POSITIVE_INFINITY } = view;
  const pools = status.pools.flatMap((pool) => ["", ...poolLines(pool, view)]);
  return [...headLines(status, view), "", ...listenerLines(status, view), ...pools].map((line) =>
    clip(line, width),
  );
}

/** What it is, how it is, and where it comes from; broken to the terminal's width. */
export function headLines(status: Status, view: View): readonly string[] {
  const { pid, config } = status;
  const loaded = `loaded ${ageSince(config.loaded_at, view.nowMs)} ago`;
  const file = config.file === null ? "no config file" : `config ${printable(config.file)}`;
  const origin = color(1, "dim", `${file}, ${loaded}, pid ${pid}`);
  const { width } = view;
  return [headline(status, view), troubleLine(status, view), origin].flatMap((line) =>
    width === undefined ? line : Bun.wrapAnsi(line, width, { hard: true }).split("\n"),
  );
}

function headline(status: Status, { lately }: View): string {
  const { version, phase, uptime_s, workers, config, listeners } = status;
  const active = listeners.reduce((sum, listener) => sum + listener.active, 0);
  const { connectionsPerS } = lately.total();
  const words = [
    `${color(1, "bold", `bal ${version}`)} ${phase === "draining" ? "draining, " : ""}up ${ageFigure(uptime_s)}`,
    plural(workers, "worker"),
    `generation ${config.generation}`,
    `${countFigure(active)} active`,
    ...(connectionsPerS === null ? [] : [`${rateFigure(connectionsPerS)} new/s`]),
    availability(status),
  ];
  return words.join(", ");
}

function troubleLine(status: Status, { nowMs }: View): string {
  const [worst, ...others] = problemsOf(status);
  if (worst === undefined) return color(1, "green", `nothing is wrong${reservation(status)}`);
  const since = worst.since === null ? "" : ` for ${ageSince(worst.since, nowMs)}`;
  const why = worst.reason === null ? "" : `: ${worst.reason}`;
  const more = others.length === 0 ? "" : `; and ${others.length} more`;
  return color(1, ["red", "bold"], printable(`${worst.what}${since}${why}${more}`));
}

function reservation({ pools }: Status): string {
  const states = pools.flatMap(({ backends }) => backends.map(({ state }) => state));
  const unknown = states.filter((state) => state === "unknown").length;
  if (unknown > 0) return ` so far: ${plural(unknown, "backend")} not checked yet`;
  const draining = states.filter((state) => state === "draining").length;
  return draining === 0 ? "" : `; ${plural(draining, "backend")} taken out to drain`;
}

function listenerLines({ listeners }: Status, { width }: View): readonly string[] {
  const columns: readonly Column[] = [
    "LISTENER",
    "ADDRESS",
    { title: "POOL", rank: 1 },
    "ACTIVE",
    { title: "ACCEPTED", rank: 2, isNumber: true },
    { title: "REFUSED", rank: 1, isNumber: true },
  ];
  const rows = listeners.map((listener) => [
    printable(listener.name),
    printable(listener.address),
    printable(destinationOf(listener)),
    listener.active,
    countFigure(listener.accepted),
    listener.refused === 0
      ? "0"
      : ({ text: countFigure(listener.refused), style: "yellow" } as const),
  ]);
  return tableLines(columns, rows, { ...(width !== undefined && { width }) });
}

export const BACKEND_COLUMNS: readonly Column[] = [
  "BACKEND",
  "STATE",
  { title: "SINCE", rank: 2, isNumber: true },
  { title: "WEIGHT", rank: 6 },
  "ACTIVE",
  { title: "NEW/S", rank: 1, isNumber: true },
  { title: "RECENT", rank: 4 },
  { title: "TOTAL", rank: 5, isNumber: true },
  { title: "IN/S", rank: 3, isNumber: true },
  { title: "OUT/S", rank: 3, isNumber: true },
  { title: "IN", rank: 9, isNumber: true },
  { title: "OUT", rank: 9, isNumber: true },
  { title: "ERRORS", rank: 7, isNumber: true },
  { title: "CHECK", rank: 8, isNumber: true },
  { title: "WHY" },
];

function poolLines(pool: PoolStatus, view: View): readonly string[] {
  const { name, method, discover, backends } = pool;
  const available = backends.filter(isAvailable).length;
  const share = `${available} of ${backends.length} available`;
  const health = available === 0 ? color(1, ["red", "bold"], share) : share;
  const rows = backends.map((backend) => backendCells(name, backend, view));
  const { width } = view;
  return [
    `${color(1, "bold", printable(name))}  ${method}${from(discover)}, ${health}`,
    ...tableLines(BACKEND_COLUMNS, rows, { ...(width !== undefined && { width }) }),
  ];
}

function from(discover: PoolStatus["discover"]): string {
  if (discover === undefined) return "";
  const { name, state } = discover;
  return ` from ${printable(name)}${state === "resolved" ? "" : ` (${color(1, "yellow", state)})`}`;
}

/** In the order of BACKEND_COLUMNS. */
export function backendCells(
  pool: string,
  backend: BackendStatus,
  { lately, nowMs, width = Number.POSITIVE_INFINITY }: View,
): readonly Cell[] {
  const recent = lately.backend(pool, backend.name);
  const { state, dial_errors } = backend;
  return [
    clip(printable(backend.name), Math.max(MIN_NAME, Math.floor(width * 0.4))),
    { text: state, style: STYLES[state] },
    `${ageSince(backend.since, nowMs)} ago`,
    backend.weight,
    backend.active,
    rateFigure(recent.connectionsPerS),
    sparkline(recent.trend, TREND_WIDTH),
    countFigure(backend.total),
    sizeRateFigure(recent.bytesUpPerS),
    sizeRateFigure(recent.bytesDownPerS),
    sizeFigure(backend.bytes_up),
    sizeFigure(backend.bytes_down),
    dial_errors === 0 ? "0" : { text: countFigure(dial_errors), style: "yellow" },
    delayFigure(backend.check_ms),
    printable([backend.reason ?? [], overrideNotes(backend)].flat().join("; ")),
  ];
}

const TREND_WIDTH = 12;
/** A path of a unix socket may be longer than a terminal is wide. */
const MIN_NAME = 12;

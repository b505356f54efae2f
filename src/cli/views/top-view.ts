// `bal top` as lines of a screen.

import type { BalEvent, SessionStatus, Status } from "../../api/admin-api.ts";
import type { Lately } from "../../api/recent-rates.ts";
import { ageFigure, plural, sizeFigure } from "../../base/figures.ts";
import { printable } from "../../base/printable.ts";
import { BACKEND_COLUMNS, backendCells } from "./backend-cells.ts";
import { color } from "./color.ts";
import { headLines } from "./status-view.ts";
import { type Column, clip, tableLines } from "./table.ts";
import { detailLines, HELP_LINES } from "./top-details.ts";
import type { Prompt } from "./top-prompt.ts";
import {
  isShown,
  type Question,
  type Row,
  selectedIndex,
  selectedRow,
  sortTitle,
  type TopState,
} from "./top-state.ts";

export type Scene = {
  readonly status: Status;
  readonly lately: Lately;
  readonly state: TopState;
  readonly rows: readonly Row[];
  /** Null: not asked for, or not there yet. */
  readonly sessions: readonly SessionStatus[] | null;
  /** The events of the backend in the details; null: not asked for, or not there yet. */
  readonly events: readonly BalEvent[] | null;
  /** Why what is shown is old; null: it is not. */
  readonly silence: string | null;
  /** The result of the last action. */
  readonly message: string | null;
  readonly nowMs: number;
};

export type Size = { readonly columns: number; readonly rows: number };

/** The rest of the screen is for the rows. */
const PROBLEMS = { most: 3, isShort: true };

const KEYS = "q quit  ? help  / filter  enter details  d drain  w weight";
const SESSION_KEYS = "q quit  ? help  / filter  s sort  K end it  v backends";
const PAGE_KEYS = "escape back  q quit";

const SESSION_COLUMNS: readonly Column[] = [
  "CLIENT",
  { title: "LISTENER", rank: 3 },
  { title: "BACKEND" },
  { title: "SNI", rank: 2 },
  { title: "PHASE", rank: 1 },
  { title: "AGE", isNumber: true },
  { title: "IN", isNumber: true },
  { title: "OUT", isNumber: true },
];

/** The keys that identify the rows. */
export function keysOfScene({ state, rows, sessions }: Scene): readonly string[] {
  if (state.view !== "sessions") return rows.map(({ key }) => key);
  return ordered(sessions ?? [], state).map(({ id }) => id);
}

/** Rows that fit below the head and above the keys. */
export function pageOf(scene: Scene, size: Size): number {
  return Math.max(1, size.rows - headOf(scene, size).length - 3);
}

export function topLines(scene: Scene, size: Size): readonly string[] {
  const head = headOf(scene, size);
  if (scene.state.view === "details" || scene.state.view === "help") return pageLines(scene, size);
  const table = tableOf(scene, size);
  const page = pageOf(scene, size);
  const selected = selectedIndex(keysOfScene(scene), scene.state);
  const [title = "", ...lines] = table;
  const from = Math.max(0, Math.min(selected - Math.floor(page / 2), lines.length - page));
  const shown = lines.slice(from, from + page).map((line, index) => {
    const isSelected = from + index === selected;
    // Colours of its own would end the bar.
    const bar = () => color(1, "inverse", padded(Bun.stripANSI(line), size.columns));
    return isSelected ? bar() : line;
  });
  const filling = Array<string>(Math.max(0, page - shown.length)).fill("");
  return [...head, "", title, ...shown, ...filling, footOf(scene, lines.length)];
}

function headOf({ status, lately, nowMs, silence }: Scene, { columns }: Size): readonly string[] {
  const lines = headLines(status, { lately, nowMs, width: columns }, PROBLEMS);
  if (silence === null) return lines;
  return [
    color(1, ["red", "bold"], printable(`${silence}; this is the last known state:`)),
    ...lines,
  ];
}

function pageLines(scene: Scene, size: Size): readonly string[] {
  const { state, rows, events, nowMs } = scene;
  const head = headOf(scene, size);
  const row = selectedRow(state, rows);
  const gone = ["  this backend no longer exists"];
  const lines =
    state.view === "help" ? HELP_LINES : row === null ? gone : detailLines({ row, events, nowMs });
  const room = Math.max(0, size.rows - head.length - 2);
  const shown = lines.slice(0, room);
  const filling = Array<string>(room - shown.length).fill("");
  return [...head, "", ...shown, ...filling, footOf(scene, 0)];
}

function tableOf(scene: Scene, { columns: width }: Size): readonly string[] {
  const { state, rows, lately, nowMs } = scene;
  if (state.view === "sessions") return sessionTable(scene, width);
  const marked = BACKEND_COLUMNS.map((column) => mark(column, state));
  const columns: readonly Column[] = [{ title: "POOL", rank: 3 }, ...marked];
  const view = { lately, nowMs, width };
  const cells = rows.map(({ pool, backend }) => [
    printable(pool),
    ...backendCells(pool, backend, view),
  ]);
  return tableLines(columns, cells, { width });
}

function sessionTable({ sessions, state }: Scene, width: number): readonly string[] {
  if (sessions === null) return ["", "  loading the sessions"];
  const cells = ordered(sessions, state).map((session) => [
    printable(session.client ?? "-"),
    printable(session.listener),
    printable(session.backend === null ? "-" : `${session.pool}/${session.backend}`),
    printable(session.sni ?? ""),
    printable(session.phase),
    ageFigure(session.age_s),
    sizeFigure(session.bytes_up),
    sizeFigure(session.bytes_down),
  ]);
  return tableLines(SESSION_COLUMNS, cells, { width });
}

/** As the daemon has sorted them. */
function ordered(sessions: readonly SessionStatus[], state: TopState) {
  const shown = sessions.filter(({ client, listener, pool, backend, sni, phase }) =>
    isShown(state, `${client} ${listener} ${pool}/${backend} ${sni ?? ""} ${phase}`),
  );
  return state.isReversed ? shown.toReversed() : shown;
}

/** With an arrow where it is what the rows are sorted by. */
function mark(column: Column, { sort, isReversed }: TopState): Column {
  const { title, ...rest } = typeof column === "string" ? { title: column } : column;
  if (title !== sortTitle(sort)) return column;
  // The column that rows are sorted by stays however narrow the terminal gets.
  return { ...rest, title: `${title}${isReversed ? "▴" : "▾"}`, rank: 0 };
}

function footOf({ state, message, sessions }: Scene, count: number): string {
  const { question, prompt, filter, view } = state;
  if (question !== null) return color(1, ["yellow", "bold"], printable(`${wordsOf(question)} y/n`));
  if (prompt !== null) return color(1, "bold", printable(`${promptOf(prompt)}${prompt.text}▏`));
  if (message !== null) return color(1, "bold", printable(message));
  if (view === "details" || view === "help") return color(1, "dim", PAGE_KEYS);
  const only = filter === "" ? "" : `only "${printable(filter)}", `;
  if (view === "backends") {
    return color(1, "dim", `(${only}${plural(count, "backend")})  ${KEYS}`);
  }
  const shown = sessions === null ? "" : `(${only}${state.sessionSort}, the first ${count})  `;
  return color(1, "dim", `${shown}${SESSION_KEYS}`);
}

function wordsOf(question: Question): string {
  if (question.kind === "kill") return `End session ${question.id}? Both sides see a reset.`;
  const { pool, backend, active, drain } = question;
  const left =
    active === 0 ? "It has no connections." : `Its ${plural(active, "connection")} may finish.`;
  return drain ? `Drain ${pool}/${backend}? ${left}` : `End the drain of ${pool}/${backend}?`;
}

function promptOf(prompt: Prompt): string {
  if (prompt.kind === "filter") return "show only: ";
  return `weight of ${prompt.pool}/${prompt.backend} (0 to 256): `;
}

function padded(text: string, width: number): string {
  return clip(text + " ".repeat(Math.max(0, width - Bun.stringWidth(text))), width);
}

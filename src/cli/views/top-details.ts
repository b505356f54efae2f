// `bal top`: the help, and all that is known of one backend.
import type { BalEvent } from "../../api/admin-api.ts";
import { describeEvent, isBadEvent } from "../../api/event-words.ts";
import { overrideNotes } from "../../api/override-notes.ts";
import {
  ageFigure,
  ageSince,
  countFigure,
  delayFigure,
  rateFigure,
  sizeFigure,
} from "../../base/figures.ts";
import { printable } from "../../base/printable.ts";
import { progress, STATE_STYLES } from "./backend-cells.ts";
import { color } from "./color.ts";
import type { Row } from "./top-state.ts";

export const HELP_LINES: readonly string[] = [
  "  ↑ ↓ k j     move; PgUp, PgDn, Home, End, g, G as well",
  "  enter       show all details of the backend, and its last events",
  "  /           filter the rows by words; escape shows all again",
  "  s           sort by the next column",
  "  r           reverse the order",
  "  d           drain the backend, or end its drain",
  "  w           set the backend's weight",
  "  v, tab      switch between backends and sessions",
  "  K           reset the session",
  "  ?           this help",
  "  escape      go back",
  "  q           quit",
];

type Details = {
  readonly row: Row;
  /** The backend's events, the oldest first; null: asked for. */
  readonly events: readonly BalEvent[] | null;
  readonly nowMs: number;
};

export function detailLines({ row, events, nowMs }: Details): readonly string[] {
  const { pool, backend, recent } = row;
  const { state, check, reason, max_connections: max, certificate_expires_at: ends } = backend;
  const checks = `${countFigure(check.passed)} passed, ${countFigure(check.failed)} failed`;
  const run = check.last === null ? "" : `; the last ${check.in_a_row} ${check.last}`;
  const why = [reason ?? [], progress(backend) ?? []].flat().join("; ");
  const facts: readonly (readonly [string, string])[] = [
    ["backend", printable(`${pool}/${backend.name}`)],
    ["address", printable(backend.address) + (backend.backup ? ", a backup" : "")],
    ["state", `${color(1, STATE_STYLES[state], state)} for ${ageSince(backend.since, nowMs)}`],
    ...(why === "" ? [] : [["why", printable(why)] as const]),
    ["out of service", `${ageFigure(backend.down_s)} in total`],
    ["weight", [String(backend.weight), ...overrideNotes(backend)].join(", ")],
    ["connections", `${backend.active}${max > 0 ? ` of ${max}` : ""} now`],
    ["served", `${countFigure(backend.total)}, ${rateFigure(recent.connectionsPerS)} a second`],
    ["bytes", `${sizeFigure(backend.bytes_up)} in, ${sizeFigure(backend.bytes_down)} out`],
    ["dial errors", `${countFigure(backend.dial_errors)}; ${countFigure(backend.retries)} retries`],
    ["checks", `${checks}${run}; ${delayFigure(backend.check_ms)}`],
    ...(ends === undefined ? [] : [["certificate", `expires ${printable(ends)}`] as const]),
  ];
  const lines = facts.map(([title, text]) => `  ${color(1, "dim", title.padEnd(14))}  ${text}`);
  return [...lines, "", color(1, "bold", "  last events"), ...eventLines(events, nowMs)];
}

// The newest first: where there is little room they are what counts.
function eventLines(events: readonly BalEvent[] | null, nowMs: number): readonly string[] {
  if (events === null) return ["  loading"];
  if (events.length === 0) return ["  none since bal started"];
  return events.toReversed().map((event) => {
    const words = printable(describeEvent(event));
    const age = `${ageSince(event.time, nowMs)} ago`.padStart(9);
    return `  ${color(1, "dim", age)}  ${isBadEvent(event) ? color(1, "red", words) : words}`;
  });
}

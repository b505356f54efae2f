// A status as lines for people: the headline, what is wrong, and a table for the listeners and each pool.

import type { ListenerStatus, PoolStatus, Status } from "../../api/admin-api.ts";
import { availability, isAvailable } from "../../api/availability.ts";
import { destinationOf } from "../../api/destination.ts";
import { ageFigure, ageSince, countFigure, plural, rateFigure } from "../../base/figures.ts";
import { printable, printableStyled } from "../../base/printable.ts";
import { BACKEND_COLUMNS, backendCells, type View } from "./backend-cells.ts";
import { color } from "./color.ts";
import { type ProblemView, problemLines } from "./problem-lines.ts";
import { type Column, clip, plannedLines, planTable, tableLines } from "./table.ts";

/** More fill a screen; the tables below have all of them. */
const MOST_PROBLEMS = 10;

export function statusLines(status: Status, view: View): readonly string[] {
  const { width = Number.POSITIVE_INFINITY } = view;
  const head = headLines(status, view, { most: MOST_PROBLEMS, isShort: false });
  const lines = [...head, "", ...listenerLines(status, view), ...poolLines(status, view)];
  return lines.map((line) => clip(printableStyled(line), width));
}

/** The version, the state and the source of the bal. */
export function headLines(
  status: Status,
  view: View,
  problems: Pick<ProblemView, "most" | "isShort">,
): readonly string[] {
  const { pid, config } = status;
  const { nowMs, width = Number.POSITIVE_INFINITY } = view;
  const loaded = `loaded ${ageSince(config.loaded_at, nowMs)} ago`;
  const file = config.file === null ? "no config file" : `config ${printable(config.file)}`;
  const origin = color(1, "dim", clip(`pid ${pid}, ${loaded}, ${file}`, width));
  return [
    clip(headline(status, view), width),
    ...problemLines(status, { nowMs, width, ...problems }),
    origin,
  ];
}

function headline({ version, phase, uptime_s, ...status }: Status, { lately }: View): string {
  const { workers, config, limits } = status;
  const { connectionsPerS } = lately.total();
  const words = [
    `${color(1, "bold", `bal ${version}`)} ${phase === "draining" ? "draining, " : ""}up ${ageFigure(uptime_s)}`,
    availability(status),
    `${countFigure(limits.active)} of ${countFigure(limits.max_connections)} active`,
    ...(connectionsPerS === null ? [] : [`${rateFigure(connectionsPerS)} new/s`]),
    `generation ${config.generation}`,
    plural(workers, "worker"),
  ];
  return words.join(", ");
}

const LISTENER_COLUMNS: readonly Column[] = [
  "LISTENER",
  "ADDRESS",
  { title: "POOL", rank: 1 },
  { title: "ACTIVE", isNumber: true },
  { title: "ACCEPTED", rank: 3, isNumber: true },
  { title: "REFUSED", rank: 2, isNumber: true },
  { title: "WHY", isOptional: true },
];

function listenerLines({ listeners }: Status, { width }: View): readonly string[] {
  const rows = listeners.map((listener) => {
    const { name, address, active, max_connections: max, accepted, refused } = listener;
    return [
      printable(name),
      printable(address),
      printable(destinationOf(listener)),
      max > 0 ? `${active} of ${max}` : active,
      countFigure(accepted),
      refused === 0 ? "0" : ({ text: countFigure(refused), style: "yellow" } as const),
      refusalsOf(listener),
    ];
  });
  return tableLines(LISTENER_COLUMNS, rows, { ...(width !== undefined && { width }) });
}

/** `12 denied, 3 no_route` */
function refusalsOf({ refused_by }: ListenerStatus): string {
  return Object.entries(refused_by)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${countFigure(count)} ${printable(reason)}`)
    .join(", ");
}

// All pools have the same columns, as wide as the widest needs them.
function poolLines({ pools }: Status, view: View): readonly string[] {
  const { width } = view;
  const rowsOf = ({ name, backends }: PoolStatus) =>
    backends.map((backend) => backendCells(name, backend, view));
  const options = { ...(width !== undefined && { width }) };
  const plan = planTable(BACKEND_COLUMNS, pools.flatMap(rowsOf), options);
  return pools.flatMap((pool) => [
    "",
    poolTitle(pool),
    ...plannedLines(plan, pool.backends.length === 0 ? [] : rowsOf(pool), options),
  ]);
}

function poolTitle({ name, method, discover, failing_open, queue, backends }: PoolStatus): string {
  const available = backends.filter(isAvailable).length;
  const share = `${available} of ${backends.length} available`;
  const health = available === 0 ? color(1, ["red", "bold"], share) : share;
  const waiting = queueWords(queue);
  const isQueueFull = queue.size > 0 && queue.length >= queue.size;
  const words = [
    `${color(1, "bold", printable(name))}  ${method}${from(discover)}`,
    health,
    ...(failing_open ? [color(1, ["red", "bold"], "fails open")] : []),
    ...(waiting === "" ? [] : [isQueueFull ? color(1, "yellow", waiting) : waiting]),
  ];
  return words.join(", ");
}

/** Without a queue clients may wait for a backend to come up. */
function queueWords({ length, size }: PoolStatus["queue"]): string {
  if (size > 0) return `queue ${length} of ${size}`;
  return length > 0 ? `${plural(length, "client")} waiting` : "";
}

function from(discover: PoolStatus["discover"]): string {
  if (discover === undefined) return "";
  const { name, state } = discover;
  return ` from ${printable(name)}${state === "resolved" ? "" : ` (${color(1, "yellow", state)})`}`;
}

// Problems as lines for people: the worst first, each with how long and what to do.
import type { BackendStatus, Status } from "../../api/admin-api.ts";
import type { Severity } from "../../api/problems.ts";
import { ageSince, plural } from "../../base/figures.ts";
import { printable } from "../../base/printable.ts";
import { color, type Style } from "./color.ts";
import { clip } from "./table.ts";

export type ProblemView = {
  /** By the wall clock. */
  readonly nowMs: number;
  /** The terminal's width. */
  readonly width: number;
  /** Problems to show; the others are counted. */
  readonly most: number;
  /** On one line each, without what to do. */
  readonly isShort: boolean;
};

const STYLES: Readonly<Record<Severity, Style>> = {
  critical: ["red", "bold"],
  error: "red",
  warning: "yellow",
};

export function problemLines(status: Status, view: ProblemView): readonly string[] {
  const { problems } = status;
  if (problems.length === 0) {
    return [color(1, "green", `nothing is wrong${reservation(status)}`)];
  }
  const { nowMs, width, most, isShort } = view;
  const shown = problems.slice(0, most).flatMap(({ severity, since, message, hint }, index) => {
    const text = `${severity} for ${ageSince(since, nowMs)}: ${printable(message)}`;
    if (isShort) return color(1, STYLES[severity], clip(text, width));
    const lines = folded(text, width).map((line) => color(1, STYLES[severity], line));
    // One remedy for several in a row is said once.
    if (index + 1 < most && problems[index + 1]?.hint === hint) return lines;
    return [
      ...lines,
      ...folded(`→ ${printable(hint)}`, width).map((line) => color(1, "dim", line)),
    ];
  });
  const more = problems.length - most;
  if (more <= 0) return shown;
  return [...shown, color(1, "dim", `and ${plural(more, "more problem")}`)];
}

const INDENT = "  ";

/** Broken to the width; a line that goes on is indented. */
function folded(text: string, width: number): readonly string[] {
  if (!Number.isFinite(width)) return [text];
  const [first = "", ...rest] = Bun.wrapAnsi(text, width, { hard: true }).split("\n");
  if (rest.length === 0) return [first];
  const others = Bun.wrapAnsi(rest.join(" "), Math.max(1, width - INDENT.length), { hard: true });
  return [first, ...others.split("\n").map((line) => `${INDENT}${line}`)];
}

function reservation({ pools }: Status): string {
  const states = pools.flatMap(({ backends }) => backends.map(({ state }) => state));
  const count = (state: BackendStatus["state"]) => states.filter((one) => one === state).length;
  const [unknown, draining] = [count("unknown"), count("draining")];
  if (unknown > 0) return ` so far: ${plural(unknown, "backend")} not checked yet`;
  return draining === 0 ? "" : `; ${plural(draining, "backend")} drained`;
}

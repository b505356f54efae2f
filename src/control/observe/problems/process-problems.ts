// The problems of the process itself: orders that it could not carry out, and losses.
import type { LastReload, Status } from "../../../api/admin-api.ts";
import { describeDiagnostic } from "../../../config/diagnostics.ts";
import type { Found } from "./problem-list.ts";

/** Nobody new is served. */
export function drainProblems(phase: Status["phase"]): readonly Found[] {
  if (phase !== "draining") return [];
  const message = "bal is draining and accepts no new clients";
  const hint = "it stops when its connections have ended; `bal stop --now` resets them";
  return [{ severity: "critical", code: "draining", subject: "bal", message, hint }];
}

/** A config that was refused, until one is taken. */
export function reloadProblems(last: LastReload | null, generation: number): readonly Found[] {
  if (last === null || last.result === "applied") return [];
  const { at: since, by, error, errors } = last;
  const [first, ...more] = errors;
  const why = first === undefined ? error : `${describeDiagnostic(first)}${others(more.length)}`;
  const message = `the config was refused (reload by ${by}), and generation ${generation} stays in force: ${why}`;
  const hint = "correct it and reload; until then, a restart would fail as well";
  return [{ severity: "error", code: "config-refused", since, subject: "config", message, hint }];
}

/** The config's file is not the one that people edit. */
export function orphanProblems(isOrphaned: boolean, file: string | null): readonly Found[] {
  if (!isOrphaned) return [];
  const message = `${file} was replaced outside of this mount: bal sees the old file and no changes`;
  const hint =
    "mount its folder instead, or write to the file in place; a restart reads the new one";
  return [{ severity: "error", code: "config-orphaned", subject: "config", message, hint }];
}

/** The config's file is gone. */
export function missingProblems(isMissing: boolean, file: string | null): readonly Found[] {
  if (!isMissing) return [];
  const message = `${file} is not there: a reload or a restart would fail`;
  const hint = "put it back; `/v1/config` of the admin API shows the config in force";
  return [{ severity: "error", code: "config-missing", subject: "config", message, hint }];
}

function others(count: number): string {
  if (count === 0) return "";
  return count === 1 ? " (and another error)" : ` (and ${count} more errors)`;
}

/** The part of the config in force that the workers could not apply. */
export function applyProblems(trouble: string | null): readonly Found[] {
  if (trouble === null) return [];
  const message = `a worker has not applied the whole config: ${trouble}`;
  const hint = "bal tries again every second; see its log";
  return [{ severity: "error", code: "apply-failed", subject: "config", message, hint }];
}

type LostLines = {
  /** The number of lines that were lost lately. */
  readonly count: number;
  /** Which log it was, and why. */
  readonly reason: string;
};

export function logProblems({ count, reason }: LostLines): readonly Found[] {
  if (count === 0) return [];
  const lines = count === 1 ? "1 log line was" : `${count} log lines were`;
  const message = `${lines} lost in the last 10 minutes: ${reason}`;
  const hint =
    "free some space on the disk, or make the reader of the log faster; `log` in the config has the file";
  return [{ severity: "error", code: "log-lines-lost", subject: "log", message, hint }];
}

type Unsaved = { readonly since: string; readonly message: string };

/** Drains and weights by hand that the next start will not know. */
export function stateProblems(unsaved: Unsaved | null): readonly Found[] {
  if (unsaved === null) return [];
  const { since, message } = unsaved;
  const hint = "free some space, or give bal's user write permission; bal tries again by itself";
  return [
    { severity: "error", code: "state-unwritable", since, subject: "state.json", message, hint },
  ];
}

/** Clients of the admin API that may be turned away. */
export function adminProblems(wasFull: boolean): readonly Found[] {
  if (!wasFull) return [];
  const message =
    "clients without a token use all places of the admin API over TCP; bal closes idle ones for new clients";
  const hint = "`ss -tn` shows their addresses; bal.sock is not affected";
  return [{ severity: "warning", code: "admin-full", subject: "admin", message, hint }];
}

// The end of a process that has clients: no new ones, time for those that are there, then a reset
// for what is left.

import { delayFigure } from "../../base/figures.ts";
import { formatDuration } from "../../base/units.ts";
import type { Log } from "../logs/log.ts";
import type { OldProcesses } from "../upgrade/old-process.ts";
import type { DataPlane } from "../workers/data-plane.ts";

type DrainOptions = {
  readonly dataPlane: DataPlane;
  readonly log: Log;
  /** How long new clients are still accepted. */
  readonly delayMs: number;
  /** How long sessions may take to end by themselves; 0: they are ended at once; null: no limit. */
  readonly shutdownMs: number | null;
  /** Processes before this one that have sessions left; it ends with them. */
  readonly predecessors: Pick<OldProcesses, "count" | "tell">;
  /** Resolves when an operator will not wait. */
  readonly cutNow: Promise<void>;
};

const POLL_MS = 25;
/** The same in a drain that may take days. */
const RARE_POLL_MS = 100;
const REPORT_MS = 5000;
/** The time between two reports of a drain that may take days. */
const RARE_REPORT_MS = 600_000;
/** How long the workers may take to end what they were told to. */
const CUT_MS = 1000;

/** Resolves when no session is left, or none can be helped. */
export async function drain(options: DrainOptions): Promise<void> {
  const { dataPlane, log, delayMs, shutdownMs, predecessors, cutNow } = options;
  const startedAtMs = performance.now();
  if (delayMs > 0) {
    const message = `draining: no longer ready; new clients are accepted for ${formatDuration(delayMs)} more`;
    log.info("draining", message, { active: dataPlane.sessions });
    await Promise.race([Bun.sleep(delayMs), cutNow]);
  }
  dataPlane.drain();
  predecessors.tell("drain");
  const active = dataPlane.sessions;
  const limit = shutdownMs === null ? "no time limit" : `at most ${formatDuration(shutdownMs)}`;
  log.info("draining", `draining: ${count(active)} left, ${limit}`, { active });
  const impatience = cutNow.then(() => "cut" as const);
  const isIdle = () => dataPlane.sessions === 0 && predecessors.count === 0;
  const report = () => {
    const left = dataPlane.sessions;
    log.info("draining", `draining: ${count(left)} left`, { active: left });
  };
  const waiting = wait(isIdle, {
    withinMs: shutdownMs ?? Number.POSITIVE_INFINITY,
    report,
    ...(shutdownMs === null
      ? { reportMs: RARE_REPORT_MS, pollMs: RARE_POLL_MS }
      : { reportMs: REPORT_MS, pollMs: POLL_MS }),
  });
  const idle = await Promise.race([waiting, impatience]);
  const left = dataPlane.sessions;
  if (idle !== true && !isIdle()) {
    log.warn("cut", `resetting the remaining ${count(left)}`, {
      active: left,
    });
    dataPlane.forceClose();
    predecessors.tell("cut");
    await wait(isIdle, { withinMs: CUT_MS, report: () => {}, reportMs: CUT_MS, pollMs: POLL_MS });
  }
  const tookMs = Math.round(performance.now() - startedAtMs);
  log.info("stopped", `stopped after ${delayFigure(tookMs)}`, { took_ms: tookMs, cut: left });
}

type Waiting = {
  readonly withinMs: number;
  readonly reportMs: number;
  readonly pollMs: number;
  readonly report: () => void;
};

async function wait(
  isIdle: () => boolean,
  { withinMs, reportMs, pollMs, report }: Waiting,
): Promise<boolean> {
  const startedAtMs = performance.now();
  let reportAtMs = startedAtMs + reportMs;
  // A client that was accepted in the moment of the drain counts only a little later.
  await Bun.sleep(POLL_MS);
  while (!isIdle()) {
    const nowMs = performance.now();
    if (nowMs - startedAtMs >= withinMs) return false;
    if (nowMs >= reportAtMs) {
      report();
      reportAtMs += reportMs;
    }
    await Bun.sleep(pollMs);
  }
  return true;
}

function count(sessions: number): string {
  return sessions === 1 ? "1 connection" : `${sessions} connections`;
}

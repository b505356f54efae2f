// How the connects to a backend come out: its totals, and the failures in a row that eject it.
import { classifyDialError, type DialErrorClass } from "../../base/os-error.ts";
import { DIAL_ERROR_TOTALS } from "../../shared/board.ts";
import { EJECTED } from "../../shared/health-bits.ts";
import type { WorkerContext } from "../relay/worker-context.ts";
import type { Latency } from "./latency.ts";

/** Dials that fail in a row, over all workers, before a backend is ejected. */
const FAILURES_TO_EJECT = 3;

/** One address of it failed. */
export function countError(thread: WorkerContext, slot: number, code: string): DialErrorClass {
  const kind = classifyDialError(code);
  thread.board.countBackend(thread.worker, slot, DIAL_ERROR_TOTALS[kind], 1);
  return kind;
}

/** All its addresses failed. */
export function countFailure({ board, post }: WorkerContext, slot: number, code: string): void {
  if (board.countDialFailure(slot) < FAILURES_TO_EJECT) return;
  if (board.changeHealth(slot, EJECTED, 0)) post({ kind: "ejected", slot, error: code });
}

export function countConnected({ board, worker }: WorkerContext, slot: number, ms: number): void {
  board.clearDialFailures(slot);
  board.countBackend(worker, slot, "connections", 1);
  board.histograms.observeDial(worker, slot, ms / 1000);
}

type Connected = { readonly connectMs: number; readonly connectedAtMs: number };

/** Takes the time of a connect where the pool's method asks. Returns what takes that of the first byte. */
export function observer(
  times: Latency | null,
  slot: number,
  { connectMs, connectedAtMs }: Connected,
): ((nowMs: number) => void) | null {
  if (times === null) return null;
  times.observe(slot, connectMs, connectedAtMs);
  return (nowMs) => times.observe(slot, connectMs + nowMs - connectedAtMs, nowMs);
}

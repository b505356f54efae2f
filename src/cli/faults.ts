// What nobody caught: a fault of our own. It ends a command with words instead of a stack; a bal
// that serves logs it and serves on, for its clients are in other threads.
import type { Log } from "../control/log.ts";
import { report } from "./exit.ts";

/** A fault that comes again and again is told once a second. */
const REPORT_EVERY_MS = 1000;

let onFault = (error: unknown): void => process.exit(report(error));

/** Called once, before anything else. */
export function catchFaults(): void {
  process.on("uncaughtException", (error) => onFault(error));
  process.on("unhandledRejection", (error) => onFault(error));
}

/** From now on a fault costs a line of the log. */
export function surviveFaults(log: Log): void {
  let reportedAtMs = Number.NEGATIVE_INFINITY;
  onFault = (error) => {
    if (performance.now() - reportedAtMs < REPORT_EVERY_MS) return;
    reportedAtMs = performance.now();
    const { message, stack = null } = error instanceof Error ? error : new Error(String(error));
    log.error("fault", `a fault of bal's own, please report it: ${message}`, { stack });
  };
}

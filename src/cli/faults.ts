// Exceptions that nobody caught: faults of bal's own. One ends a command with a message instead of a stack; once bal
// serves, the supervisor logs it and serves on, for its clients are in other threads.
import { report } from "./exit.ts";

let onFault = (error: unknown): void => process.exit(report(error));

/** Called once, before anything else. */
export function catchFaults(): void {
  process.on("uncaughtException", (error) => onFault(error));
  process.on("unhandledRejection", (error) => onFault(error));
}

/** From now on they are the supervisor's. */
export function leaveFaults(): void {
  onFault = () => {};
}

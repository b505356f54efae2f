// Commands that need a running bal, where there is none, or one whose socket is gone.
import { BalError } from "../base/errors.ts";
import { codeOf } from "../base/os-error.ts";
import { type Home, runningPid } from "../control/home.ts";

export function notRunning(home: Home): BalError {
  return new BalError("not-running", `no bal runs in ${home.path}`, {
    hint: "start one with `bal start`, or set BAL_HOME to where it runs",
  });
}

/** Nobody answers at the socket: because none runs, or because the socket is gone. */
export function unanswered(home: Home): BalError {
  const pid = runningPid(home);
  if (pid === null) return notRunning(home);
  return new BalError("no-answer", `bal runs with pid ${pid}, but ${home.socket} is gone`, {
    hint: "`bal graceful` and `bal stop` reach it by signal; a restart brings the socket back",
  });
}

/** Signals the running bal. Returns its pid. Throws BalError when there is none. */
export function signalRunning(home: Home, signal: NodeJS.Signals): number {
  const pid = runningPid(home);
  if (pid === null) throw notRunning(home);
  try {
    process.kill(pid, signal);
  } catch (cause) {
    if (codeOf(cause) === "ESRCH") throw notRunning(home);
    throw new BalError("not-permitted", `cannot signal ${pid}: ${codeOf(cause)}`, { cause });
  }
  return pid;
}

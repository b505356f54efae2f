// Commands that need a running bal, where there is none, or one that does not answer.
import { BalError } from "../base/errors.ts";
import { codeOf } from "../base/os-error.ts";
import { type Home, runningPid } from "../control/host/home.ts";
import { type OtherBal, otherBals } from "../control/host/other-bals.ts";
import { isSuspended } from "../os/process.ts";

const MOST_OTHERS = 2;

export function notRunning(home: Home): BalError {
  const others = otherBals().filter((other) => other.home !== home.path);
  return new BalError("not-running", `no bal is running in ${home.path}`, {
    hint:
      others.length === 0
        ? "start one with `bal start`, or set BAL_HOME to its home"
        : whereOthersRun(others),
  });
}

/** `bal with pid 7 runs in /var/lib/bal: sudo BAL_HOME=/var/lib/bal bal status` */
export function whereOthersRun(others: readonly OtherBal[], uid = process.getuid?.() ?? 0): string {
  // Those whose home is known first: they can be asked at once.
  const sorted = others.toSorted((a, b) => Number(a.home === null) - Number(b.home === null));
  const lines = sorted.slice(0, MOST_OTHERS).map(({ pid, uid: owner, home }) => {
    if (home === null) {
      const how = "use sudo with its BAL_HOME (`systemctl cat bal` shows the one of the unit)";
      return `bal with pid ${pid} runs as user ${owner}: ${how}`;
    }
    const sudo = owner === uid || uid === 0 ? "" : "sudo ";
    return `bal with pid ${pid} runs in ${home}: ${sudo}BAL_HOME=${home} bal status`;
  });
  const more = others.length - lines.length;
  return `${lines.join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
}

/** Nobody answers at the socket: because none runs, or because the socket is gone. */
export function unanswered(home: Home): BalError {
  const pid = runningPid(home);
  if (pid === null) return notRunning(home);
  return new BalError(
    "no-answer",
    `bal is running with pid ${pid}, but ${home.socket} is missing`,
    {
      hint: "`bal graceful` and `bal stop` reach it by signal; a restart creates the socket again",
    },
  );
}

/** The error for a bal that is suspended and can't answer. */
export function suspended(pid: number): BalError {
  return new BalError("suspended", `bal with pid ${pid} is suspended and does not answer`, {
    hint: `\`kill -CONT ${pid}\` resumes it`,
  });
}

/** Explains an error of an AdminClient: which bal does not answer, and why. */
export function explainSilence(home: Home): (error: unknown) => never {
  return (error) => {
    const pid = runningPid(home);
    if (!(error instanceof BalError) || error.code !== "no-answer" || pid === null) throw error;
    if (isSuspended(pid)) throw suspended(pid);
    throw new BalError(error.code, `${error.message}; its pid is ${pid}`, {
      hint: `see its log; \`kill -9 ${pid}\` kills it and resets its connections`,
      cause: error,
    });
  };
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

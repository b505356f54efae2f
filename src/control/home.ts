// The folder of runtime files, and the lock in it that makes one bal per home.
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import { BalError } from "../base/errors.ts";
import { codeOf } from "../base/os-error.ts";
import { tryLock } from "../os/lock.ts";

/** The paths in a home, which need not exist. */
export type Home = {
  readonly path: string;
  readonly config: string;
  readonly lock: string;
  readonly pid: string;
  readonly socket: string;
  readonly log: string;
};

/** Where it is: $BAL_HOME, else ~/.bal. Throws BalError `no-home`. */
export function locateHome(): Home {
  return homeAt(resolve(process.env.BAL_HOME || join(userHome(), ".bal")));
}

export function homeAt(path: string): Home {
  const file = (name: string) => join(path, name);
  return {
    path,
    config: file("config.yaml"),
    lock: file("bal.lock"),
    pid: file("bal.pid"),
    socket: file("bal.sock"),
    log: file("bal.log"),
  };
}

/** Makes the folder, for this user alone. Throws BalError `home-not-writable`. */
export function makeHome(home: Home): void {
  try {
    mkdirSync(home.path, { recursive: true, mode: 0o700 });
    // Made before by somebody else, or on a read-only disk: only writing tells.
    closeSync(openSync(home.lock, "a", 0o600));
  } catch (cause) {
    const why = codeOf(cause) ?? String(cause);
    throw new BalError("home-not-writable", `cannot write ${home.path}: ${why}`, {
      hint: "set BAL_HOME to a folder that this user may write",
      cause,
    });
  }
}

/** Takes the home for this process, until it ends. Throws BalError `already-running`. */
export function lockHome(home: Home): void {
  const fd = openSync(home.lock, "a", 0o600);
  if (!tryLock(fd)) {
    closeSync(fd);
    throw alreadyRunning(home);
  }
  // What a bal that was killed has left.
  rmSync(home.socket, { force: true });
  const temporary = `${home.pid}.${process.pid}`;
  writeFileSync(temporary, `${process.pid} ${startTime(process.pid) ?? ""}\n`, { mode: 0o600 });
  renameSync(temporary, home.pid);
}

/** Removes what belongs to this process alone; the lock goes with the process. */
export function leaveHome(home: Home): void {
  rmSync(home.pid, { force: true });
  rmSync(home.socket, { force: true });
}

/** The pid of the bal that holds this home, or null. A pid that was given to another process since
 *  is never returned: the lock must be held, and the start time be the one in the file. */
export function runningPid(home: Home): number | null {
  if (!isLocked(home)) return null;
  const [pid, started] = readText(home.pid).trim().split(" ");
  const number = Number(pid);
  if (!Number.isInteger(number) || number <= 0) return null;
  return (startTime(number) ?? "") === (started ?? "") ? number : null;
}

function isLocked(home: Home): boolean {
  try {
    const fd = openSync(home.lock, "r");
    const isFree = tryLock(fd);
    closeSync(fd);
    return process.platform === "linux" ? !isFree : true;
  } catch {
    return false;
  }
}

export function alreadyRunning(home: Home): BalError {
  const pid = runningPid(home);
  const who = pid === null ? "another bal" : `bal with pid ${pid}`;
  return new BalError("already-running", `${who} runs already in ${home.path}`, {
    hint: "`bal graceful` reloads it, `bal stop` ends it; another BAL_HOME runs beside it",
  });
}

/** When a process started, in clock ticks since boot (proc(5), field 22); null when there is none. */
function startTime(pid: number): string | null {
  const stat = readText(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

function userHome(): string {
  if (process.env.HOME) return process.env.HOME;
  try {
    const { homedir } = userInfo();
    if (homedir) return homedir;
  } catch {
    // No passwd entry: a container with a bare user id.
  }
  throw new BalError("no-home", "this user has no home folder", {
    hint: "set BAL_HOME to a folder for the runtime files",
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

// The folder of runtime files, and the lock in it that makes one bal per home.
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import { BalError } from "../../base/errors.ts";
import { codeOf } from "../../base/os-error.ts";
import { hasFlock, isLocked, tryLock } from "../../os/lock.ts";
import { startedAtMs, startTime } from "../../os/process.ts";
import { homeRisk } from "./trust.ts";

/** A lock that is held for a moment only is a command's that looks; a bal's is held for life. */
const RETRY_MS = 10;
const TRIES = 20;
/** From its claim to its first answer: threads boot and names are looked up. */
const STARTING_MS = 15_000;
/** The kernel gives its time of boot in whole seconds. */
const CLOCK_SLACK_MS = 1500;

/** The paths in a home, which need not exist. */
export type Home = {
  readonly path: string;
  readonly config: string;
  /** The config's JSON Schema, for editors. */
  readonly schema: string;
  readonly lock: string;
  readonly pid: string;
  readonly socket: string;
  readonly log: string;
  /** The access log of a bal in the background. */
  readonly access: string;
  /** The overrides that operators have set by hand. */
  readonly state: string;
};

/** Where it is: $BAL_HOME, else ~/.bal. Throws BalError `no-home`, and `home-not-safe` where others could
 *  have put into it what is found there. */
export function locateHome(): Home {
  const home = findHome();
  const risk = homeRisk(home);
  if (risk !== null) throw risk;
  return home;
}

/** The same, no matter who may write it. Throws BalError `no-home`. */
export function findHome(): Home {
  return homeAt(resolve(process.env.BAL_HOME || join(userHome(), ".bal")));
}

export function homeAt(path: string): Home {
  const file = (name: string) => join(path, name);
  return {
    path,
    config: file("config.yaml"),
    schema: file("bal.schema.json"),
    lock: file("bal.lock"),
    pid: file("bal.pid"),
    socket: file("bal.sock"),
    log: file("bal.log"),
    access: file("access.log"),
    state: file("state.json"),
  };
}

/** Makes the folder, for this user alone. Throws BalError `home-not-writable`. */
export function makeHome(home: Home): void {
  try {
    mkdirSync(home.path, { recursive: true, mode: 0o700 });
    // Made before by somebody else, or on a read-only disk: only a write shows it.
    closeSync(openSync(home.lock, "a", 0o600));
  } catch (cause) {
    throw notWritable(home, cause);
  }
}

/** A home that this process has. */
export type OwnHome = Home & {
  /** The descriptor that holds the lock. */
  readonly lockFd: number;
};

/** Takes the home for this process, until it ends. Throws BalError `already-running`, or
 *  `home-not-writable` (a full disk) with the lock taken. */
export function lockHome(home: Home): OwnHome {
  const fd = openSync(home.lock, "a", 0o600);
  if (!takeLock(fd, home)) {
    const refusal = alreadyRunning(home);
    closeSync(fd);
    throw refusal;
  }
  const own = { ...home, lockFd: fd };
  // A bal that was killed has left it.
  rmSync(home.socket, { force: true });
  claimHome(own);
  return own;
}

/** Says that this process is the bal of a home: in the pid file for people and their scripts, in the lock
 *  with its start time, which distinguishes it from a later process with its pid. Throws BalError
 *  `home-not-writable`. */
export function claimHome(home: OwnHome): void {
  const temporary = `${home.pid}.${process.pid}`;
  try {
    writeFileSync(temporary, `${process.pid}\n`, { mode: 0o600 });
    renameSync(temporary, home.pid);
    ftruncateSync(home.lockFd);
    writeSync(home.lockFd, `${process.pid} ${startTime(process.pid) ?? ""}\n`);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw notWritable(home, cause);
  }
}

function notWritable(home: Home, cause: unknown): BalError {
  const code = codeOf(cause) ?? String(cause);
  const why = code === "EEXIST" || code === "ENOTDIR" ? "it is not a folder" : code;
  return new BalError("home-not-writable", `cannot write to ${home.path}: ${why}`, {
    hint: "set BAL_HOME to a folder that this user may write to, on a disk with free space",
    cause,
  });
}

// The lock file may have been removed (a cleaner of /tmp), and another be locked in its place: the pid file
// still names the bal that runs.
function isAnothers(home: Home): boolean {
  const pid = holderPid(home);
  return pid !== null && pid !== process.pid;
}

function takeLock(fd: number, home: Home): boolean {
  for (let tries = 0; tries < TRIES; tries++) {
    if ((!hasFlock || tryLock(fd)) && !isAnothers(home)) return true;
    Bun.sleepSync(RETRY_MS);
  }
  return false;
}

/** Removes what belongs to this process alone; the lock goes with the process. What another one has
 *  taken over is that one's. */
export function leaveHome(home: OwnHome): void {
  if (holderPid(home) !== process.pid) return;
  rmSync(home.pid, { force: true });
  rmSync(home.socket, { force: true });
  ftruncateSync(home.lockFd);
}

/** The pid of the bal that holds this home, or null. A pid that was given to another process since
 *  is never returned: the lock must be held, and the start time be the one in it. */
export function runningPid(home: Home): number | null {
  return hasFlock && !isHeld(home) ? null : holderPid(home);
}

/** A bal holds this home and has begun so lately that it may not answer yet. */
export function isStarting(home: Home): boolean {
  const pid = runningPid(home);
  const sinceMs = pid === null ? null : startedAtMs(pid);
  return sinceMs !== null && Date.now() - sinceMs < STARTING_MS;
}

/** Has the bal with this pid (null: one that left no pid) let go of the home? Until then no other one
 *  can start; its last lines are written after its pid file is gone. */
export function hasLeft(home: Home, pid: number | null): boolean {
  const written = holderPid(home);
  if (written !== null && pid !== null && written !== pid) return true;
  return hasFlock ? !isHeld(home) : written === null;
}

/** The process that claimed the home, if it is still the same one. */
function holderPid(home: Home): number | null {
  const claim = readText(home.lock) || readText(home.pid);
  const [pid, started] = claim.trim().split(" ");
  const number = Number(pid);
  if (!Number.isInteger(number) || number <= 0) return null;
  if (started !== undefined) return startTime(number) === started ? number : null;
  // The pid file alone: a process that began after it was written has only been given the same pid.
  const [beganMs, writtenMs] = [startedAtMs(number), statSync(home.pid).mtimeMs];
  return beganMs !== null && beganMs <= writtenMs + CLOCK_SLACK_MS ? number : null;
}

function isHeld(home: Home): boolean {
  try {
    const fd = openSync(home.lock, "r");
    try {
      return isLocked(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}

export function alreadyRunning(home: Home): BalError {
  const pid = runningPid(home);
  const who = pid === null ? "another bal" : `bal with pid ${pid}`;
  return new BalError("already-running", `${who} is already running in ${home.path}`, {
    hint: "`bal graceful` reloads it, and `bal stop` stops it; set another BAL_HOME to run a second bal",
  });
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

// The processes of a home: after upgrades there may be several, none of them a child of the test's.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The pid in the pid file; null when there is none. */
export function servingPid(home: string): number | null {
  const pid = Number.parseInt(textOf(join(home, "bal.pid")), 10);
  return Number.isNaN(pid) ? null : pid;
}

/** The kernel's name for the process that runs the tests: `bun`, as a rule. */
export function ownName(): string {
  return textOf("/proc/self/comm").trim();
}

/** Every process that was started for this home and lives. */
export function processesOf(home: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && isOf(home, name))
    .map(Number)
    .filter((pid) => pid !== process.pid);
}

export function killAllOf(home: string): void {
  for (const pid of processesOf(home)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has just ended.
    }
  }
}

// One that has ended and is not reaped has no environment any more.
function isOf(home: string, pid: string): boolean {
  return textOf(`/proc/${pid}/environ`).split("\0").includes(`BAL_HOME=${home}`);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

// Facts of other processes.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** USER_HZ, which is 100 on every architecture that bal is built for. */
const MS_PER_TICK = 10;

/**
 * When a process started, as a word that no other process with its pid shares; null when there is
 * none. On Linux clock ticks since boot (proc(5), stat, field 22), elsewhere what ps(1) says.
 */
export function startTime(pid: number): string | null {
  return process.platform === "linux" ? startTimeByProc(pid) : startTimeByPs(pid);
}

/** When it started by the wall clock, to a second or so; null where that is not known. */
export function startedAtMs(pid: number): number | null {
  const ticks = Number(statFields(pid)[19]);
  const booted = /^btime (\d+)$/m.exec(readText("/proc/stat"))?.[1];
  if (Number.isNaN(ticks) || booted === undefined) return null;
  return Number(booted) * 1000 + ticks * MS_PER_TICK;
}

/** Stopped by a signal (SIGSTOP, Ctrl-Z) or a debugger: it does nothing until it is continued. */
export function isSuspended(pid: number): boolean {
  return process.platform === "linux" && /^t$/i.test(statFields(pid)[0] ?? "");
}

function startTimeByProc(pid: number): string | null {
  const fields = statFields(pid);
  // Ended, and only not yet reaped by its parent: it holds nothing any more.
  return fields[0] === "Z" || fields[0] === "X" ? null : (fields[19] ?? null);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Those of /proc/pid/stat from the third on, the state; none when there is no such process. */
function statFields(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name may have spaces and parentheses in it.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

export function startTimeByPs(pid: number): string | null {
  const { stdout } = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
  return stdout?.trim().replaceAll(/\s+/g, "-") || null;
}

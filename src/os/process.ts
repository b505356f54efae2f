// Facts of other processes.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * When a process started, as a word that no other process with its pid shares; null when there is
 * none. On Linux clock ticks since boot (proc(5), stat, field 22), elsewhere what ps(1) says.
 */
export function startTime(pid: number): string | null {
  return process.platform === "linux" ? startTimeByProc(pid) : startTimeByPs(pid);
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

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

function startTimeByProc(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name may have spaces and parentheses in it.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

export function startTimeByPs(pid: number): string | null {
  const { stdout } = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
  return stdout?.trim().replaceAll(/\s+/g, "-") || null;
}

// What the kernel says of processes: a tree by its root, its CPU time and its memory.
import { readdirSync, readFileSync } from "node:fs";

/** USER_HZ is 100 on every Linux that Bun runs on (`getconf CLK_TCK`). */
const MS_PER_TICK = 10;

/** The fields of /proc/PID/stat from the third on (state, ppid, …); null when it has gone. */
function statOf(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold anything, spaces and parentheses too.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}

/** False also of one that has ended and is not waited for yet. */
export function isRunning(pid: number): boolean {
  const state = statOf(pid)?.[0] ?? "X";
  return state !== "Z" && state !== "X";
}

/** The process and all its descendants, also those that ended and are not waited for yet. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    const parent = Number.isInteger(pid) ? Number(statOf(pid)?.[1]) : Number.NaN;
    if (Number.isNaN(parent)) continue;
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found = statOf(root) === null ? [] : [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

/**
 * CPU time of these processes so far, of all their threads. With that of children they have waited
 * for: a process of the tree that ends in between passes its time to its parent.
 */
export function cpuMsOf(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    // utime, stime, cutime, cstime: fields 14 to 17 of proc(5).
    for (const field of statOf(pid)?.slice(11, 15) ?? []) ticks += Number(field);
  }
  return ticks * MS_PER_TICK;
}

/**
 * CPU time of the whole machine so far: all processes, and the kernel's interrupts, which run at the
 * cost of whichever process they meet.
 */
export function machineMs(): number {
  const line = readFileSync("/proc/stat", "utf8").split("\n", 1)[0] ?? "";
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq) * MS_PER_TICK;
}

export type Memory = {
  /** Proportional set size: pages that several of them share count once in the sum. */
  readonly pssKiB: number;
  /** Those of them that no file is behind: the kernel can't drop them and read them again. */
  readonly anonymousKiB: number;
};

/** Of these processes together. */
export function memoryOf(pids: readonly number[]): Memory {
  const sum = { pssKiB: 0, anonymousKiB: 0 };
  for (const pid of pids) {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    const field = (pattern: RegExp) => Number(pattern.exec(rollup)?.[1] ?? Number.NaN);
    sum.pssKiB += field(/^Pss:\s+(\d+)/m);
    sum.anonymousKiB += field(/^Pss_Anon:\s+(\d+)/m);
  }
  return sum;
}

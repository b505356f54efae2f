// The limits of this process: open files, CPUs, memory. Read, never changed: Bun raises the
// open-file limit from soft to hard by itself when it starts.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";

/** Where nothing shows the limit (macOS): the least that launchd gives. */
const UNKNOWN_OPEN_FILES = 256;

/** RLIMIT_NOFILE, of this process or another one. */
export function openFileLimit(pid: number | "self" = "self"): number {
  const line = /^Max open files\s+(\S+)/m.exec(readText(`/proc/${pid}/limits`));
  if (line === null) return UNKNOWN_OPEN_FILES;
  return line[1] === "unlimited" ? Number.MAX_SAFE_INTEGER : Number(line[1]);
}

/** Descriptors that this process has open. Linux only. */
export function openFiles(): number {
  // Their number is the folder's size since Linux 6.2; before it the size is 0.
  return statSync("/proc/self/fd").size || readdirSync("/proc/self/fd").length;
}

/** CPUs by affinity, cut to the cgroup's quota; at least 1. */
export function usableCpus(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(cpuQuota())));
}

/** Bytes of memory: the host's, or a cgroup's limit where that is lower. */
export function usableMemory(): number {
  return Math.min(totalmem(), cgroupMemory(readText));
}

/** The lowest limit of the process's cgroup and those above it, by a reader of files that gives "" for those
 *  that are not there. Infinity: none. */
export function cgroupMemory(read: (path: string) => string): number {
  const groups = read("/proc/self/cgroup");
  const limits: string[] = [];
  const v2 = /^0::(\/.*)$/m.exec(groups)?.[1];
  if (v2 !== undefined) {
    // In a container the path may be the host's, which can't be seen from there: then the root is its own.
    for (const path of withParents(v2)) limits.push(read(`/sys/fs/cgroup${path}/memory.max`));
  }
  const v1 = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(\/.*)$/m.exec(groups)?.[1];
  if (v1 !== undefined) {
    for (const path of withParents(v1))
      limits.push(read(`/sys/fs/cgroup/memory${path}/memory.limit_in_bytes`));
  }
  // "max" and nothing are none.
  return Math.min(...limits.map((text) => Number.parseInt(text, 10) || Number.POSITIVE_INFINITY));
}

/** `/a/b` → `/a/b`, `/a`, and the root: nothing. */
function withParents(path: string): readonly string[] {
  const parts = path.split("/").filter((part) => part !== "");
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`).concat("");
}

/** The lowest port that this user may bind without further rights. */
export function firstUnprivilegedPort(): number {
  if (process.getuid?.() === 0) return 0;
  const text = readText("/proc/sys/net/ipv4/ip_unprivileged_port_start").trim();
  return text === "" ? 1024 : Number(text);
}

// cgroup v2 first, then v1. The limit of an ancestor that a container can't see does not count.
function cpuQuota(): number {
  const v2 = /^0::(\/.*)$/m.exec(readText("/proc/self/cgroup"))?.[1] ?? "/";
  const [quota, period] = readFirst([`/sys/fs/cgroup${v2}/cpu.max`, "/sys/fs/cgroup/cpu.max"])
    .trim()
    .split(" ");
  if (quota && period) return quota === "max" ? Number.POSITIVE_INFINITY : +quota / +period;
  const v1Quota = Number(readText("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"));
  const v1Period = Number(readText("/sys/fs/cgroup/cpu/cpu.cfs_period_us"));
  return v1Quota > 0 && v1Period > 0 ? v1Quota / v1Period : Number.POSITIVE_INFINITY;
}

function readFirst(paths: readonly string[]): string {
  const path = paths.find((candidate) => existsSync(candidate));
  return path === undefined ? "" : readText(path);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

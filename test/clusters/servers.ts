// The processes of real servers. Some refuse to run as root, so that as root they run as a user of their own.
import { chmodSync, chownSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Starts a command in the folder, with its output in the folder's `name`.log. */
export type Spawn = (
  name: string,
  command: readonly string[],
  env?: Readonly<Record<string, string>>,
) => Bun.Subprocess;

/** Gives the folder to the user, where bal's tests run as root, and starts commands as that user. */
export function spawnAs(user: string, folder: string): Spawn {
  const isRoot = process.getuid?.() === 0;
  const prefix = isRoot ? ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--clear-groups"] : [];
  chmodSync(folder, 0o755);
  if (isRoot) chownSync(folder, ...idsOf(user));
  return (name, command, env = {}) => {
    const log = Bun.file(join(folder, `${name}.log`));
    return Bun.spawn([...prefix, ...command], {
      ...{ cwd: folder, stdin: "ignore", stdout: log, stderr: log },
      env: { PATH: process.env.PATH, HOME: folder, ...env },
    });
  };
}

export function idsOf(user: string): [uid: number, gid: number] {
  const line = new RegExp(`^${user}:.*$`, "m").exec(readFileSync("/etc/passwd", "utf8"))?.[0] ?? "";
  const [, , uid = "0", gid = "0"] = line.split(":");
  return [Number(uid), Number(gid)];
}

/** Signals the processes and all that they have started. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of withDescendants(pids)) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended by itself.
    }
  }
}

function withDescendants(pids: readonly number[]): readonly number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const fields = readFileSync(`/proc/${entry}/stat`, "latin1").split(") ").at(-1)?.split(" ");
      parents.set(Number(entry), Number(fields?.[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  const found = new Set(pids.filter((pid) => pid > 0 && parents.has(pid)));
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

// Who has a port: /proc/net/tcp names the sockets, /proc/PID/fd their processes. Linux only; of other
// users' processes root alone sees more than that there are some.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export type Holder = { readonly pid: number; readonly name: string };

/** LISTEN in /proc/net/tcp (include/net/tcp_states.h). */
const LISTEN = "0A";

/** The processes that listen on a port, on whatever address; none when they can't be seen. */
export function holdersOf(port: number): readonly Holder[] {
  const sockets = listeningInodes(port);
  if (sockets.size === 0) return [];
  return entries("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) =>
      entries(`/proc/${pid}/fd`).some((fd) => sockets.has(linkOf(`/proc/${pid}/fd/${fd}`))),
    )
    .map((pid) => ({ pid: Number(pid), name: textOf(`/proc/${pid}/comm`).trim() }));
}

/** As /proc/PID/fd calls them: `socket:[12345]`. */
function listeningInodes(port: number): ReadonlySet<string> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = ["tcp", "tcp6"].flatMap((name) => textOf(`/proc/net/${name}`).split("\n"));
  const fields = lines.map((line) => line.trim().split(/\s+/));
  const own = fields.filter(([, local, , state]) => state === LISTEN && local?.endsWith(suffix));
  return new Set(own.map((line) => `socket:[${line[9]}]`));
}

function entries(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

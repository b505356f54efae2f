// Who listens where: /proc/net names the sockets, /proc/PID/fd their processes. Linux only; of other
// users' processes root alone sees more than that there are some.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export type Holder = { readonly pid: number; readonly name: string };

/** LISTEN in /proc/net/tcp (include/net/tcp_states.h). */
const LISTEN = "0A";
/** __SO_ACCEPTCON among the flags of /proc/net/unix (include/linux/net.h). */
const ACCEPTS = 0x10000;

/** The processes that listen on these ports, on whatever address; none when they can't be seen. */
export function holdersOfPorts(ports: readonly number[]): ReadonlyMap<number, readonly Holder[]> {
  const wanted = new Set(ports);
  const sockets = socketsOfTcp().filter(({ port, state }) => state === LISTEN && wanted.has(port));
  return holders(new Map(sockets.map(({ inode, port }) => [inode, port])));
}

/** No socket listens on the port, but connections have it as their own: the kernel gave it to them. */
export function isPortOfConnection(port: number): boolean {
  const sockets = socketsOfTcp().filter((socket) => socket.port === port);
  return sockets.length > 0 && sockets.every(({ state }) => state !== LISTEN);
}

function socketsOfTcp() {
  const lines = ["tcp", "tcp6"].flatMap((name) => textOf(`/proc/net/${name}`).split("\n"));
  return lines.map((line) => {
    const fields = line.trim().split(/\s+/);
    const [, local = "", , state] = fields;
    const port = Number.parseInt(local.slice(local.lastIndexOf(":") + 1), 16);
    return { port, state, inode: `${fields[9]}` };
  });
}

/** Those that listen at the path of a unix socket, or an @name. */
export function holdersOfPath(path: string): readonly Holder[] {
  const sockets = textOf("/proc/net/unix")
    .split("\n")
    .flatMap((line) => {
      const fields = /^\S+ \S+ \S+ (\S+) \S+ \S+ +(\d+) (.+)$/.exec(line);
      const [, flags = "", inode = "", at] = fields ?? [];
      const isMeant = at === path && (Number.parseInt(flags, 16) & ACCEPTS) !== 0;
      return isMeant ? [[inode, path] as const] : [];
    });
  return holders(new Map(sockets)).get(path) ?? [];
}

/** The holders of sockets, by inode; a process is listed once for each thing that the sockets stand for. */
function holders<What>(sockets: ReadonlyMap<string, What>): ReadonlyMap<What, readonly Holder[]> {
  const found = new Map<What, Holder[]>();
  if (sockets.size === 0) return found;
  for (const pid of entries("/proc").filter((name) => /^\d+$/.test(name))) {
    const holder = { pid: Number(pid), name: textOf(`/proc/${pid}/comm`).trim() };
    const links = entries(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
    // As they are called there: `socket:[12345]`.
    const held = links.flatMap((link) => sockets.get(link.slice("socket:[".length, -1)) ?? []);
    for (const what of new Set(held)) found.set(what, [...(found.get(what) ?? []), holder]);
  }
  return found;
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

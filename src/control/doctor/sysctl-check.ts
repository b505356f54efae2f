// Settings of the kernel that end what bal could carry, and what they should be; why, docs/capacity.md
// says.
import { readFileSync } from "node:fs";
import { isLoopback } from "../../base/address.ts";
import type { Config } from "../../config/config.ts";
import { type Finding, Findings } from "./finding.ts";

/** The text of /proc/sys/…, or null: `net.core.somaxconn`. */
type ReadSysctl = (name: string) => string | null;

export type Load = {
  readonly config: Config;
  /** Connections at a time that bal would carry. */
  readonly ceiling: number;
  readonly openFiles: number;
  /** Sessions of all workers that may be spliced; 0: none. */
  readonly splicedSessions: number;
  /** May this user's pipes be as large as it likes? */
  readonly isPrivileged: boolean;
};

const BACKLOG = 4096;
const MIN_SYN_BACKLOG = 1024;
/** Two pipes of 256 KiB each, in pages of 4 KiB. */
const PAGES_PER_SPLICED_SESSION = 128;
const WIDE_RANGE = "1024 65535";

export function checkSysctls(load: Load, read: ReadSysctl = readSysctl): readonly Finding[] {
  const found = new Findings("sysctl");
  const number = (name: string) => {
    const text = read(name);
    return text === null || !/^\d+$/.test(text) ? null : Number(text);
  };
  examineQueues(number, found);
  examinePorts(load, read, found);
  examinePipes(load, number, found);
  examineFiles(load, { read, number }, found);
  const tracked = number("net.netfilter.nf_conntrack_max");
  if (tracked !== null && tracked < 2 * load.ceiling) {
    found.advise(
      `the firewall tracks at most ${tracked} connections, and each of ${load.ceiling} clients needs two`,
      set("net.netfilter.nf_conntrack_max", 2 * load.ceiling),
    );
  }
  return found.okUnlessOther("nothing to change").all;
}

type ReadNumber = (name: string) => number | null;

function examineQueues(number: ReadNumber, found: Findings): void {
  const somaxconn = number("net.core.somaxconn");
  if (somaxconn !== null && somaxconn < BACKLOG) {
    found.advise(
      `net.core.somaxconn is ${somaxconn}: in a burst, only that many clients can wait to be accepted`,
      set("net.core.somaxconn", BACKLOG),
    );
  }
  const syn = number("net.ipv4.tcp_max_syn_backlog");
  if (syn !== null && syn < MIN_SYN_BACKLOG) {
    found.advise(
      `net.ipv4.tcp_max_syn_backlog is ${syn}: in a burst, new clients have to try again`,
      set("net.ipv4.tcp_max_syn_backlog", BACKLOG),
    );
  }
}

function examinePorts({ config, ceiling }: Load, read: ReadSysctl, found: Findings): void {
  const hosts = config.pools.flatMap(({ backends }) =>
    backends.flatMap(({ address }) => (address.kind === "host" ? address.host : [])),
  );
  // How many it finds, and where, is seen when it runs.
  const isFound = config.pools.some(({ discover }) => discover !== null);
  // Backends on unix sockets need no ports.
  if (!isFound && hosts.length === 0) return;
  const isAllHere = !isFound && hosts.every((host) => isLoopback(host) || host === "localhost");
  const reuse = read("net.ipv4.tcp_tw_reuse");
  // 2: on loopback only.
  if (reuse === "0" || (reuse === "2" && !isAllHere)) {
    found.advise(
      `net.ipv4.tcp_tw_reuse is ${reuse}: a local port stays in use for 60 s after a connection, which limits each backend to about 470 new connections per second`,
      set("net.ipv4.tcp_tw_reuse", 1),
    );
  }
  const range = portRange(read);
  if (range === null || isFound) return;
  const ports = range[1] - range[0] + 1;
  if (ports * hosts.length >= ceiling) return;
  found.advise(
    `${ceiling} connections to ${hosts.length} backends need more than ${ports} local ports for each`,
    set("net.ipv4.ip_local_port_range", `"${WIDE_RANGE}"`),
  );
}

/** The local ports that the kernel gives to outgoing connections. */
export function portRange(read: ReadSysctl = readSysctl): readonly [number, number] | null {
  const [from, to] = (read("net.ipv4.ip_local_port_range") ?? "").split(/\s+/).map(Number);
  return from === undefined || to === undefined ? null : [from, to];
}

function examinePipes(load: Load, number: ReadNumber, found: Findings): void {
  const pages = number("fs.pipe-user-pages-soft");
  if (pages === null || pages === 0 || load.isPrivileged) return;
  const needed = load.splicedSessions * PAGES_PER_SPLICED_SESSION;
  if (pages >= needed) return;
  const room = Math.floor(pages / PAGES_PER_SPLICED_SESSION);
  found.advise(
    `fs.pipe-user-pages-soft is ${pages}: the kernel can splice ${room} sessions at the same time; the others are copied`,
    set("fs.pipe-user-pages-soft", needed),
  );
}

type Read = { readonly read: ReadSysctl; readonly number: ReadNumber };

function examineFiles({ openFiles }: Load, { read, number }: Read, found: Findings): void {
  const max = number("fs.file-max");
  if (max === null) return;
  const [used = 0] = (read("fs.file-nr") ?? "").split(/\s+/).map(Number);
  if (used > 0.9 * max) {
    found.broken(`${used} of the host's ${max} open files are in use`, set("fs.file-max", 2 * max));
  } else if (max < openFiles) {
    found.advise(
      `fs.file-max is ${max}, less than the ${openFiles} files that bal alone may open`,
      set("fs.file-max", 2 * openFiles),
    );
  }
}

function set(name: string, value: number | string): string {
  return `sysctl -w ${name}=${value}; write it into /etc/sysctl.d to keep it`;
}

export function readSysctl(name: string): string | null {
  try {
    // The names of files in it have dots for slashes, and none of these has a dot of its own.
    return readFileSync(`/proc/sys/${name.replaceAll(".", "/")}`, "utf8").trim();
  } catch {
    return null;
  }
}

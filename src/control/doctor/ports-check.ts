// The addresses that bal listens on: free, or whose they are.
import { formatHostPort } from "../../base/address.ts";
import { errnoCode } from "../../base/os-error.ts";
import type { Config } from "../../config/config.ts";
import { isLinux } from "../../os/libc.ts";
import { holdersOf } from "../../os/port-holder.ts";
import { tryBind } from "../../os/socket.ts";
import type { Daemon } from "./daemon-check.ts";
import { type Finding, Findings } from "./finding.ts";

export type Ports = {
  /** The local ports that the kernel gives to connections of its own choice; null: not known. */
  readonly ephemeral: readonly [from: number, to: number] | null;
  readonly reserved: string;
};

/** What the bal that runs in this home listens on is its own. */
export function checkPorts(
  config: Config,
  { pid, status }: Pick<Daemon, "pid" | "status">,
  { ephemeral, reserved }: Ports,
): readonly Finding[] {
  const found = new Findings("ports");
  if (!isLinux) return found.all;
  const [own, free]: [string[], string[]] = [[], []];
  for (const address of addressesOf(config)) {
    const where = formatHostPort(address.ip, address.port);
    // Listeners are told by the bal that runs, whether or not its descriptors may be seen.
    const isOwn = status?.listeners.some((listener) => listener.address === where) ?? false;
    const isFree = !isOwn && judgeBind(address, pid, found);
    (isFree ? free : own).push(where);
    if (isOwn) continue;
    if (!isEphemeral(address.port, ephemeral) || isReserved(address.port, reserved)) continue;
    found.advise(
      `${where} is among the ports that the kernel gives to outgoing connections: one of them could have it when bal starts`,
      `sysctl -w net.ipv4.ip_local_reserved_ports=${[reserved, address.port].filter(Boolean).join(",")}`,
    );
  }
  const told = [
    ...(own.length > 0 ? [`bal's own: ${own.join(", ")}`] : []),
    ...(free.length > 0 ? [`free: ${free.join(", ")}`] : []),
  ];
  return found.okUnlessOther(told.join("; ")).all;
}

type Address = { readonly ip: string; readonly port: number };

/** The listeners', and the admin API's. */
function addressesOf({ listeners, admin }: Config): readonly Address[] {
  const own = listeners.map(({ bindAddress, port }) => ({ ip: bindAddress, port }));
  return admin.listen === null ? own : [...own, admin.listen];
}

/** Is it free? If not, whose it is has been told, or it is our own bal's. */
function judgeBind({ ip, port }: Address, ownPid: number | null, found: Findings): boolean {
  const error = tryBind(ip, port);
  if (error !== 0) judgeError(errnoCode(error), { ip, port }, { ownPid, found });
  return error === 0;
}

type Telling = { readonly ownPid: number | null; readonly found: Findings };

function judgeError(code: string, { ip, port }: Address, { ownPid, found }: Telling): void {
  const where = formatHostPort(ip, port);
  switch (code) {
    case "EADDRINUSE": {
      const holders = holdersOf(port);
      if (holders.length > 0 && holders.every(({ pid }) => pid === ownPid)) return;
      const names = holders.map(({ pid, name }) => `${name} (pid ${pid})`);
      const who = names.join(", ") || "a process of another user";
      return found.broken(`${where} is in use by ${who}`, "stop it, or choose another port");
    }
    case "EADDRNOTAVAIL":
      return found.broken(`${where} is not an address of this host`, "see `ip addr`");
    case "EACCES":
    case "EPERM":
      return found.broken(
        `this user may not listen on ${where}`,
        `sysctl -w net.ipv4.ip_unprivileged_port_start=${port}, or AmbientCapabilities=CAP_NET_BIND_SERVICE in a systemd unit`,
      );
    default:
      return found.broken(`${where} cannot be had: ${code}`, "choose another address");
  }
}

function isEphemeral(port: number, range: Ports["ephemeral"]): boolean {
  return range !== null && port >= range[0] && port <= range[1];
}

/** `8080,9000-9100` */
function isReserved(port: number, reserved: string): boolean {
  return reserved.split(",").some((part) => {
    const [from = 0, to = from] = part.split("-").map(Number);
    return port >= from && port <= to && part !== "";
  });
}

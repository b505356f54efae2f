// The listeners' addresses: free, or whose they are.
import { formatHostPort } from "../../base/address.ts";
import { errnoCode } from "../../base/os-error.ts";
import type { Config, ListenerConfig } from "../../config/config.ts";
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
  for (const listener of config.listeners) {
    const where = addressOf(listener);
    const isOwn = status?.listeners.some(({ address }) => address === where) ?? false;
    (isOwn ? own : free).push(where);
    if (isOwn) continue;
    judgeBind(listener, pid, found);
    if (!isEphemeral(listener.port, ephemeral) || isReserved(listener.port, reserved)) continue;
    found.advise(
      `${where} is among the ports that the kernel gives to outgoing connections: one of them could have it when bal starts`,
      `sysctl -w net.ipv4.ip_local_reserved_ports=${[reserved, listener.port].filter(Boolean).join(",")}`,
    );
  }
  const told = [
    ...(own.length > 0 ? [`bal's own: ${own.join(", ")}`] : []),
    ...(free.length > 0 ? [`free: ${free.join(", ")}`] : []),
  ];
  return found.okUnlessOther(told.join("; ")).all;
}

function judgeBind(listener: ListenerConfig, ownPid: number | null, found: Findings): void {
  const error = tryBind(listener.bindAddress, listener.port);
  if (error === 0) return;
  const where = addressOf(listener);
  const code = errnoCode(error);
  switch (code) {
    case "EADDRINUSE": {
      const holders = holdersOf(listener.port);
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
        `sysctl -w net.ipv4.ip_unprivileged_port_start=${listener.port}, or AmbientCapabilities=CAP_NET_BIND_SERVICE in a systemd unit`,
      );
    default:
      return found.broken(`${where} cannot be had: ${code}`, "choose another address");
  }
}

function addressOf({ bindAddress, port }: ListenerConfig): string {
  return formatHostPort(bindAddress, port);
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

// The addresses that bal listens on: free, or whose they are.
import {
  formatListenAddress,
  formatPorts,
  listeningPorts,
  type PortRange,
} from "../../base/listen-address.ts";
import { errnoCode } from "../../base/os-error.ts";
import type { Config } from "../../config/config.ts";
import { isLinux } from "../../os/libc.ts";
import { type Holder, holdersOfPorts } from "../../os/port-holder.ts";
import { tryBind } from "../../os/socket.ts";
import type { Daemon } from "./daemon-check.ts";
import { type Finding, Findings } from "./finding.ts";

export type Ports = {
  /** The local ports that the kernel gives to connections of its own choice; null: not known. */
  readonly ephemeral: readonly [from: number, to: number] | null;
  readonly reserved: string;
};

/** Checks the ports. Those that this home's running bal listens on are its own. */
export function checkPorts(
  config: Config,
  { pid, status }: Pick<Daemon, "pid" | "status">,
  kernel: Ports,
): readonly Finding[] {
  const found = new Findings("ports");
  const addresses = addressesOf(config);
  if (!isLinux || addresses.length === 0) return found.all;
  const [own, free]: [string[], string[]] = [[], []];
  for (const address of addresses) {
    const where = nameOf(address);
    // Listeners are told by the bal that runs, whether or not its descriptors may be seen.
    const isOwn = status?.listeners.some((listener) => listener.address === where) ?? false;
    const isFree = !isOwn && examineBind(address, pid, found);
    (isFree ? free : own).push(where);
    if (!isOwn) examineEphemeral(address, kernel, found);
  }
  const told = [
    ...(own.length > 0 ? [`used by the running bal: ${own.join(", ")}`] : []),
    ...(free.length > 0 ? [`free: ${free.join(", ")}`] : []),
  ];
  return found.okUnlessOther(told.join("; ")).all;
}

type Address = { readonly ip: string; readonly ports: PortRange };

function nameOf(address: Address): string {
  return formatListenAddress({ kind: "tcp", ...address });
}

/** The listeners', and the admin API's. */
function addressesOf({ listeners, admin: { listen } }: Config): readonly Address[] {
  const own = listeners.flatMap(({ address }) => (address.kind === "tcp" ? address : []));
  if (listen === null) return own;
  return [...own, { ip: listen.ip, ports: { from: listen.port, to: listen.port } }];
}

/** Is it free? If not, whose it is has been told, or it is our own bal's. */
function examineBind({ ip, ports }: Address, ownPid: number | null, found: Findings): boolean {
  const tried = listeningPorts(ports).map((port) => ({ port, error: tryBind({ ip, port }) }));
  const failed = tried.filter(({ error }) => error !== 0);
  for (const [error, those] of Map.groupBy(failed, (one) => one.error)) {
    const wrong = those.map(({ port }) => port);
    examineError(errnoCode(error), { ip, ports: wrong }, { ownPid, found });
  }
  return failed.length === 0;
}

type Failed = { readonly ip: string; readonly ports: readonly number[] };
type Telling = { readonly ownPid: number | null; readonly found: Findings };

function examineError(code: string, { ip, ports }: Failed, { ownPid, found }: Telling): void {
  const [first = 0] = ports;
  const where = runsOf(ports).map((run) => nameOf({ ip, ports: run }));
  switch (code) {
    case "EADDRINUSE":
      return examineHolders({ ip, ports }, { ownPid, found });
    case "EADDRNOTAVAIL":
      return found.broken(`${ip} is not an address of this host`, "see `ip addr`");
    case "EACCES":
    case "EPERM":
      return found.broken(
        `this user may not listen on ${where.join(", ")}`,
        `sysctl -w net.ipv4.ip_unprivileged_port_start=${first}, or AmbientCapabilities=CAP_NET_BIND_SERVICE in a systemd unit`,
      );
    default:
      return found.broken(
        `cannot listen on ${where.join(", ")}: ${code}`,
        "choose another address",
      );
  }
}

function examineHolders({ ip, ports }: Failed, { ownPid, found }: Telling): void {
  const holders = holdersOfPorts(ports);
  const others = ports.filter((port) => {
    const those = holders.get(port) ?? [];
    return those.length === 0 || those.some(({ pid }) => pid !== ownPid);
  });
  for (const [who, those] of Map.groupBy(others, (port) => namesOf(holders.get(port) ?? []))) {
    for (const run of runsOf(those)) {
      const message = `${nameOf({ ip, ports: run })} is in use by ${who}`;
      found.broken(message, "stop it, or choose another port");
    }
  }
}

/** The names of the processes that hold an address. */
export function namesOf(holders: readonly Holder[]): string {
  const names = holders.map(({ pid, name }) => `${name} (pid ${pid})`);
  return names.join(", ") || "a process of another user";
}

function examineEphemeral({ ip, ports }: Address, kernel: Ports, found: Findings): void {
  const { ephemeral, reserved } = kernel;
  const exposed = listeningPorts(ports).filter(
    (port) => isEphemeral(port, ephemeral) && !isReserved(port, reserved),
  );
  if (exposed.length === 0) return;
  const runs = runsOf(exposed);
  const where = runs.map((run) => nameOf({ ip, ports: run })).join(", ");
  const them = runs.map(formatPorts);
  const one = exposed.length === 1 ? "is" : "are";
  found.advise(
    `${where} ${one} among the ports that the kernel gives to outgoing connections: one of these could use it when bal starts`,
    `sysctl -w net.ipv4.ip_local_reserved_ports=${[reserved, ...them].filter(Boolean).join(",")}`,
  );
}

/** Ports in their order as ranges. */
function runsOf(ports: readonly number[]): readonly PortRange[] {
  const runs: { from: number; to: number }[] = [];
  for (const port of ports) {
    const last = runs.at(-1);
    if (last !== undefined && last.to === port - 1) last.to = port;
    else runs.push({ from: port, to: port });
  }
  return runs;
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

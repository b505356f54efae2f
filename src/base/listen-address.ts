// Where a listener is: an address with a port or a range of them, or a unix socket. Pure.
import { type Endpoint, formatHostPort, parseIp } from "./address.ts";

/** Both ends are in it; often there is only one. */
export type PortRange = { readonly from: number; readonly to: number };

export type ListenAddress =
  /** An IP literal in canonical form; "::" is dual stack. */
  | { readonly kind: "tcp"; readonly ip: string; readonly ports: PortRange }
  /** `mode`: the rights of its file; null in the abstract namespace, where there is none. */
  | { readonly kind: "unix"; readonly path: string; readonly mode: number | null };

/** `0.0.0.0:443`, `[::]:9000-9010`, `unix:/run/edge.sock` */
export function formatListenAddress(address: ListenAddress): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  const { ip, ports } = address;
  const first = formatHostPort(ip, ports.from);
  return ports.from === ports.to ? first : `${first}-${ports.to}`;
}

/** `443`, `9000-9010` */
export function formatPorts({ from, to }: PortRange): string {
  return from === to ? String(from) : `${from}-${to}`;
}

function countPorts({ from, to }: PortRange): number {
  return to - from + 1;
}

export function listeningPorts(range: PortRange): readonly number[] {
  return Array.from({ length: countPorts(range) }, (_, nth) => range.from + nth);
}

/** One for each of its sockets. */
export function listeningEndpoints(address: ListenAddress): readonly Endpoint[] {
  if (address.kind === "unix") return [{ family: "unix", path: address.path }];
  const { ip, ports } = address;
  const family = parseIp(ip)?.family ?? 4;
  return listeningPorts(ports).map((port) => ({ family, ip, port }));
}

/** Sockets that it has. */
export function countSockets(address: ListenAddress): number {
  return address.kind === "unix" ? 1 : countPorts(address.ports);
}

export function hasPort(address: ListenAddress, port: number): boolean {
  return address.kind === "tcp" && port >= address.ports.from && port <= address.ports.to;
}

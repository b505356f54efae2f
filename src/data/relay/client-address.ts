// Who a client is: its address as text, by what a trusted peer has announced or by its own socket.
import { formatHostPort } from "../../base/address.ts";
import type { Route } from "../../policy/proxy-protocol/format.ts";
import type { Peer } from "../../shared/session-facts.ts";

type Addressed = Partial<Peer> & {
  readonly localAddress?: string;
  readonly localPort?: number;
};

/** Canonical, without a port; IPv4-mapped IPv6 as IPv4; empty where there is none. */
export function clientAddress(socket: object): string {
  return canonical((socket as Addressed).remoteAddress ?? "");
}

/** From the client to the address that it came to; null where there is none. */
function routeOf(socket: object): Route {
  const {
    remoteAddress = "",
    remotePort = 0,
    localAddress = "",
    localPort = 0,
  } = socket as Addressed;
  if (remoteAddress === "" || localAddress === "") return null;
  return {
    source: { ip: canonical(remoteAddress), port: remotePort },
    destination: { ip: canonical(localAddress), port: localPort },
  };
}

function canonical(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

/** A session, as far as its client's address goes. */
type Announced = {
  readonly client: object;
  /** The route in its PROXY header; null: there was no header, or it names none. */
  readonly announced: Route;
};

/** As `clientAddress`, but of the client that is behind the peer. */
export function sessionAddress({ client, announced }: Announced): string {
  return announced?.source.ip ?? clientAddress(client);
}

export function sessionRoute({ client, announced }: Announced): Route {
  return announced ?? routeOf(client);
}

/** The port that it came to, by what is announced as HAProxy has it; 0 where there is none. */
export function sessionPort({ client, announced }: Announced): number {
  return announced?.destination.port || ((client as Addressed).localPort ?? 0);
}

export function peerOf({ client, announced }: Announced): Peer {
  if (announced !== null) {
    const { ip, port } = announced.source;
    return { remoteAddress: ip, remotePort: port };
  }
  const { remoteAddress = "", remotePort = 0 } = client as Addressed;
  return { remoteAddress, remotePort };
}

/** `10.0.0.9:50123`, `[fd00::1]:50123`; empty where it has no address. The address alone, where its socket was
 *  gone before it was asked for its port. */
export function clientName(session: Announced): string {
  const ip = sessionAddress(session);
  const { remotePort } = peerOf(session);
  const isPortUnknown = remotePort === 0 && session.announced === null;
  return ip === "" || isPortUnknown ? ip : formatHostPort(ip, remotePort);
}

/** Whom limits per client count as one: an IPv4 address, or the /64 of an IPv6 one. */
export function clientNetwork(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail = ""] = address.split("::");
  const front = head.split(":").filter((group) => group !== "");
  const back = tail.split(":").filter((group) => group !== "");
  const zeros = Array<string>(Math.max(0, 8 - front.length - back.length)).fill("0");
  return `${[...front, ...zeros, ...back].slice(0, 4).join(":")}::/64`;
}

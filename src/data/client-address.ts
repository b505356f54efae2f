// Who a client is: its address as text.

type Addressed = { readonly remoteAddress?: string };

/** Canonical, without a port; IPv4-mapped IPv6 as IPv4; empty where there is none. */
export function clientAddress(socket: object): string {
  const address = (socket as Addressed).remoteAddress ?? "";
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
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

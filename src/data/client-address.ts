// Who a client is: its address as text.

type Addressed = { readonly remoteAddress?: string };

/** Canonical, without a port; IPv4-mapped IPv6 as IPv4; empty where there is none. */
export function clientAddress(socket: object): string {
  const address = (socket as Addressed).remoteAddress ?? "";
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

// Blocks of addresses, and whether one is in them.
import { BlockList } from "node:net";

export class AddressSet {
  // One each: in Bun 1.4.5 `::/0` has every IPv4 address too, as if it were mapped.
  private readonly blocks = { ipv4: new BlockList(), ipv6: new BlockList() };

  /** @param cidrs as `10.0.0.0/8` or `2001:db8::/32` */
  constructor(cidrs: readonly string[]) {
    for (const cidr of cidrs) {
      const [network = "", prefix = ""] = cidr.split("/");
      const family = familyOf(network);
      this.blocks[family].addSubnet(network, Number(prefix), family);
    }
  }

  /** @param address canonical; an empty one is in no block */
  has(address: string): boolean {
    const family = familyOf(address);
    return address !== "" && this.blocks[family].check(address, family);
  }
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return address.includes(":") ? "ipv6" : "ipv4";
}

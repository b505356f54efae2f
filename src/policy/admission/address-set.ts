// Blocks of addresses, and whether one is in them.
import { BlockList } from "node:net";

export class AddressSet {
  private readonly blocks = new BlockList();

  /** @param cidrs as `10.0.0.0/8` or `2001:db8::/32` */
  constructor(cidrs: readonly string[]) {
    for (const cidr of cidrs) {
      const [network = "", prefix = ""] = cidr.split("/");
      this.blocks.addSubnet(network, Number(prefix), familyOf(network));
    }
  }

  /** @param address canonical; an empty one is in no block */
  has(address: string): boolean {
    return address !== "" && this.blocks.check(address, familyOf(address));
  }
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return address.includes(":") ? "ipv6" : "ipv4";
}

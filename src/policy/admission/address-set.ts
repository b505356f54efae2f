// Blocks of addresses, and whether one is in them.
import { type IpRanges, isInRanges } from "../../base/ip-ranges.ts";

export class AddressSet {
  private readonly ranges: IpRanges;

  constructor(ranges: IpRanges) {
    this.ranges = ranges;
  }

  /** @param address canonical; an empty one is in no block */
  has(address: string): boolean {
    return isInRanges(this.ranges, address);
  }
}

// Blocks of addresses as sorted ranges in shared memory, which threads pass on without copying. Whatever
// their number, a lookup is a binary search. IPv4 and IPv6 apart: `::/0` has no IPv4 address.
import { readIpv4, readIpv6 } from "./ip.ts";

/** First and last address of each range, in order; no two overlap. */
export type IpRanges = {
  /** Two words a range. */
  readonly v4: Uint32Array;
  /** Eight words a range: four of the first address, four of the last. */
  readonly v6: Uint32Array;
};

const V6_WORDS = 8;

/** @param cidrs in canonical form, `10.0.0.0/8` or `2001:db8::/32`; bits after the prefix do not count */
export function ipRanges(cidrs: readonly string[]): IpRanges {
  const v4 = cidrs.filter((cidr) => !cidr.includes(":"));
  const v6 = cidrs.filter((cidr) => cidr.includes(":"));
  return { v4: rangesV4(v4), v6: rangesV6(v6) };
}

/** @param address in canonical form, IPv4-mapped IPv6 as IPv4; anything else is in no range */
export function isInRanges({ v4, v6 }: IpRanges, address: string): boolean {
  if (!address.includes(":")) {
    const value = v4.length === 0 ? -1 : readIpv4(address);
    return value >= 0 && hasV4(v4, value);
  }
  return v6.length > 0 && readWords(address, wanted, 0) && hasV6(v6);
}

function rangesV4(cidrs: readonly string[]): Uint32Array {
  // Where ranges start at one address, the longest prefix comes first; the shorter ones after it only widen it.
  const keys = Float64Array.from(cidrs, (cidr) => {
    const { network, prefix } = split(cidr);
    const size = 2 ** (32 - prefix);
    const value = readIpv4(network);
    return (value - (value % size)) * 64 + prefix;
  }).sort();
  const ranges = new Uint32Array(shared(2 * keys.length));
  let count = 0;
  for (const key of keys) {
    const prefix = key % 64;
    const start = (key - prefix) / 64;
    const end = start + 2 ** (32 - prefix) - 1;
    const lastEnd = count === 0 ? -2 : (ranges[2 * count - 1] ?? 0);
    if (start > lastEnd + 1) {
      ranges[2 * count] = start;
      ranges[2 * count + 1] = end;
      count++;
    } else if (end > lastEnd) ranges[2 * count - 1] = end;
  }
  return ranges.subarray(0, 2 * count);
}

function rangesV6(cidrs: readonly string[]): Uint32Array {
  const all = new Uint32Array(V6_WORDS * cidrs.length);
  for (const [index, cidr] of cidrs.entries()) {
    const { network, prefix } = split(cidr);
    const at = index * V6_WORDS;
    readWords(network, all, at);
    for (let word = 0; word < 4; word++) {
      const bits = Math.max(0, Math.min(32, prefix - 32 * word));
      const host = bits === 32 ? 0 : 0xffffffff >>> bits;
      const start = ((all[at + word] ?? 0) & ~host) >>> 0;
      all[at + word] = start;
      all[at + 4 + word] = (start | host) >>> 0;
    }
  }
  // Blocks lie inside each other or apart: of one start, the largest first, and those inside it are left out.
  const order = Uint32Array.from(cidrs, (_, index) => index * V6_WORDS).sort(
    (a, b) =>
      compare(all, a, { words: all, at: b }) || compare(all, b + 4, { words: all, at: a + 4 }),
  );
  const ranges = new Uint32Array(shared(all.length));
  let end = 0;
  for (const at of order) {
    if (end > 0 && compare(all, at, { words: ranges, at: end - 4 }) <= 0) continue;
    ranges.set(all.subarray(at, at + V6_WORDS), end);
    end += V6_WORDS;
  }
  return ranges.subarray(0, end);
}

function hasV4(ranges: Uint32Array, value: number): boolean {
  let low = 0;
  let high = ranges.length >>> 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[2 * middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low > 0 && value <= (ranges[2 * low - 1] ?? 0);
}

/** The address that is looked up. */
const wanted = new Uint32Array(4);

function hasV6(ranges: Uint32Array): boolean {
  const address = { words: wanted, at: 0 };
  let low = 0;
  let high = ranges.length / V6_WORDS;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(ranges, V6_WORDS * middle, address) <= 0) low = middle + 1;
    else high = middle;
  }
  return low > 0 && compare(ranges, V6_WORDS * low - 4, address) >= 0;
}

function compare(
  words: Uint32Array,
  at: number,
  other: { readonly words: Uint32Array; readonly at: number },
): number {
  for (let word = 0; word < 4; word++) {
    const difference = (words[at + word] ?? 0) - (other.words[other.at + word] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const groups = new Uint16Array(8);

function readWords(address: string, words: Uint32Array, at: number): boolean {
  if (!readIpv6(address, groups)) return false;
  for (let word = 0; word < 4; word++) {
    words[at + word] = (groups[2 * word] ?? 0) * 65_536 + (groups[2 * word + 1] ?? 0);
  }
  return true;
}

function split(cidr: string): { readonly network: string; readonly prefix: number } {
  const slash = cidr.indexOf("/");
  return { network: cidr.slice(0, slash), prefix: Number(cidr.slice(slash + 1)) };
}

function shared(words: number): SharedArrayBuffer {
  return new SharedArrayBuffer(4 * words);
}

// IP addresses as numbers, and back. Pure.

const GROUPS = 8;
const DOT = 46;
const COLON = 58;

/** The 32 bits of an IPv4 address; −1: the text is none. A leading zero is an error, since some
 *  programs read it as octal. */
export function readIpv4(text: string, from = 0): number {
  let value = 0;
  let at = from;
  for (let part = 0; part < 4; part++) {
    if (part > 0 && text.charCodeAt(at++) !== DOT) return -1;
    const start = at;
    let number = 0;
    for (let digit = text.charCodeAt(at) - 48; digit >= 0 && digit <= 9; ) {
      number = number * 10 + digit;
      digit = text.charCodeAt(++at) - 48;
    }
    const digits = at - start;
    if (digits === 0 || digits > 3 || number > 255) return -1;
    if (digits > 1 && text.charCodeAt(start) === 48) return -1;
    value = value * 256 + number;
  }
  return at === text.length ? value : -1;
}

/** Reads an IPv6 address without a zone into its eight groups of 16 bits; false: the text is none. */
export function readIpv6(text: string, groups: Uint16Array): boolean {
  let count = 0;
  /** Groups before `::`. */
  let gap = -1;
  let at = 0;
  if (text.startsWith("::")) {
    gap = 0;
    at = 2;
  }
  while (at < text.length) {
    if (count === GROUPS) return false;
    const start = at;
    let value = 0;
    for (let digit = hexDigit(text.charCodeAt(at)); digit >= 0; ) {
      value = value * 16 + digit;
      digit = hexDigit(text.charCodeAt(++at));
    }
    if (text.charCodeAt(at) === DOT) {
      const tail = readIpv4(text, start);
      if (tail < 0 || count > GROUPS - 2) return false;
      groups[count++] = tail >>> 16;
      groups[count++] = tail & 0xffff;
      break;
    }
    if (at === start || at - start > 4) return false;
    groups[count++] = value;
    if (at === text.length) break;
    if (text.charCodeAt(at++) !== COLON || at === text.length) return false;
    if (text.charCodeAt(at) !== COLON) continue;
    if (gap >= 0) return false;
    gap = count;
    at++;
  }
  if (gap < 0) return count === GROUPS;
  if (count === GROUPS) return false;
  groups.copyWithin(GROUPS - (count - gap), gap, count);
  groups.fill(0, gap, GROUPS - (count - gap));
  return true;
}

/** In canonical form (RFC 5952), always in hexadecimal. */
export function formatIpv6(groups: Uint16Array): string {
  let gap = 0;
  let gapLength = 1;
  for (let start = 0; start < GROUPS; start++) {
    let end = start;
    while (end < GROUPS && groups[end] === 0) end++;
    if (end - start > gapLength) {
      gap = start;
      gapLength = end - start;
    }
  }
  const hex = (from: number, to: number) =>
    [...groups.subarray(from, to)].map((group) => group.toString(16)).join(":");
  return gapLength < 2 ? hex(0, GROUPS) : `${hex(0, gap)}::${hex(gap + gapLength, GROUPS)}`;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

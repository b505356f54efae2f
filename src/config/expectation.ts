// The text that a check's answer is compared with, as it is written.

export type StatusRange = readonly [from: number, to: number];

/** `200`, `200-299`, `200-299, 301`; null when it is none. */
export function parseStatusRanges(text: string): readonly StatusRange[] | null {
  const ranges = text.split(",").map((part): StatusRange | null => {
    const [, from = "", to = from] = /^\s*([1-5]\d\d)(?:\s*-\s*([1-5]\d\d))?\s*$/.exec(part) ?? [];
    return from === "" || Number(from) > Number(to) ? null : [Number(from), Number(to)];
  });
  return ranges.every((range) => range !== null) ? ranges : null;
}

/** A text's bytes, or those of `hex:0a0b`; null when the digits are wrong. */
export function parseBytes(text: string): Uint8Array | null {
  if (!text.startsWith("hex:")) return new TextEncoder().encode(text);
  const digits = text.slice(4).replaceAll(" ", "");
  return /^(?:[0-9a-f]{2})+$/i.test(digits) ? Uint8Array.fromHex(digits) : null;
}

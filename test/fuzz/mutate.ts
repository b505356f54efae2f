// Seeded mutation of bytes: the same seed makes the same bytes, so that what it finds can be made again.

/** Numbers from 0 up to, not including, `below`. */
export type Draw = (below: number) => number;

/** mulberry32: 32 bits of state are enough to walk from a corpus. */
export function drawFrom(seed: number): Draw {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % Math.max(1, below);
  };
}

/** Lengths and characters at which parsers go wrong. */
const EDGES = [
  0, 1, 0x0a, 0x0d, 0x1b, 0x20, 0x22, 0x3a, 0x7f, 0x80, 0x85, 0xc0, 0xfe, 0xff,
] as const;
const MAX_BYTES = 64 * 1024;

type Edit = (bytes: Uint8Array, draw: Draw, others: readonly Uint8Array[]) => Uint8Array;

const edits: readonly Edit[] = [
  // A byte becomes another one.
  (bytes, draw) => {
    const copy = new Uint8Array(bytes);
    copy[draw(copy.length)] = draw(2) === 0 ? draw(256) : (EDGES[draw(EDGES.length)] ?? 0);
    return copy;
  },
  // A bit flips.
  (bytes, draw) => {
    const copy = new Uint8Array(bytes);
    const at = draw(copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << draw(8));
    return copy;
  },
  // A number of 16 bits grows or shrinks by a little: a length that is off by one.
  (bytes, draw) => {
    const copy = new Uint8Array(bytes);
    const at = draw(copy.length - 1);
    const number = ((copy[at] ?? 0) << 8) + (copy[at + 1] ?? 0) + draw(9) - 4;
    copy[at] = (number >> 8) & 0xff;
    copy[at + 1] = number & 0xff;
    return copy;
  },
  // A part goes.
  (bytes, draw) => {
    const at = draw(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + draw(16))]);
  },
  // A part comes twice, or many times.
  (bytes, draw) => {
    const at = draw(bytes.length);
    const part = bytes.subarray(at, at + 1 + draw(32));
    const times = draw(8) === 0 ? draw(200) : 2;
    const repeated = Array.from({ length: times }, () => part);
    return Buffer.concat([bytes.subarray(0, at), ...repeated, bytes.subarray(at)]);
  },
  // Something is inserted.
  (bytes, draw) => {
    const at = draw(bytes.length + 1);
    const written = Uint8Array.from({ length: 1 + draw(8) }, () => draw(256));
    return Buffer.concat([bytes.subarray(0, at), written, bytes.subarray(at)]);
  },
  // The end is cut off.
  (bytes, draw) => bytes.subarray(0, draw(bytes.length)),
  // The beginning of one, the end of another.
  (bytes, draw, others) => {
    const other = others[draw(others.length)] ?? bytes;
    return Buffer.concat([
      bytes.subarray(0, draw(bytes.length)),
      other.subarray(draw(other.length)),
    ]);
  },
];

/** One of the seeds after one to six edits, of 64 KiB at most. */
export function mutant(seeds: readonly Uint8Array[], draw: Draw): Uint8Array {
  let bytes: Uint8Array = seeds[draw(seeds.length)] ?? new Uint8Array(0);
  for (let left = 1 + draw(6); left > 0; left--) {
    const edit = edits[draw(edits.length)];
    if (bytes.length > 0 && edit !== undefined) bytes = edit(bytes, draw, seeds);
  }
  return bytes.subarray(0, MAX_BYTES);
}

// Reads a peer's bytes from left to right, as TLS and the PROXY protocol lay them out: numbers in
// network order, and vectors behind their length. Never throws: what goes beyond the end reads as
// nothing, and `overran` remembers it.

const NOTHING = new Uint8Array(0);

export class Reader {
  /** A length said more than there is; what was read since means nothing. */
  overran = false;
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  /** @param width in bytes */
  number(width: 1 | 2): number {
    const { bytes, at } = this;
    if (!this.skip(width)) return 0;
    const first = bytes[at] ?? 0;
    return width === 1 ? first : (first << 8) | (bytes[at + 1] ?? 0);
  }

  /** Reads a vector: its length, then its bytes. @param width of that length, in bytes */
  vector(width: 1 | 2): Uint8Array {
    return this.take(this.number(width));
  }

  /** Goes on behind a vector. @returns its length */
  skipVector(width: 1 | 2): number {
    const length = this.number(width);
    return this.skip(length) ? length : 0;
  }

  /** A view, not a copy. */
  take(length: number): Uint8Array {
    const { bytes, at } = this;
    return this.skip(length) ? bytes.subarray(at, at + length) : NOTHING;
  }

  /** Goes on behind so many bytes. @returns whether there are as many */
  skip(length: number): boolean {
    const end = this.at + length;
    const isThere = end <= this.bytes.length;
    if (!isThere) this.overran = true;
    this.at = isThere ? end : this.bytes.length;
    return isThere;
  }
}

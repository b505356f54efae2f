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
    const [high = 0, low = 0] = this.take(width);
    return width === 1 ? high : (high << 8) | low;
  }

  /** What stands behind its own length. @param width of that length, in bytes */
  vector(width: 1 | 2): Uint8Array {
    return this.take(this.number(width));
  }

  /** A view, not a copy. */
  take(length: number): Uint8Array {
    const end = this.at + length;
    if (end > this.bytes.length) {
      this.overran = true;
      this.at = this.bytes.length;
      return NOTHING;
    }
    const taken = this.bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }
}

// A stream of bytes from a seed, made again anywhere, and its hash.

const CHUNK_BYTES = 64 * 1024;

/** `total` bytes in chunks, the same for the same seed (xorshift32). */
export function* randomChunks(seed: number, total: number): Generator<Uint8Array> {
  let state = seed | 0 || 1;
  for (let left = total; left > 0; left -= CHUNK_BYTES) {
    const words = new Uint32Array(CHUNK_BYTES / 4);
    for (let i = 0; i < words.length; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[i] = state;
    }
    yield new Uint8Array(words.buffer, 0, Math.min(CHUNK_BYTES, left));
  }
}

export function hashOf(chunks: Iterable<Uint8Array>): string {
  const hasher = new Bun.CryptoHasher("sha256");
  for (const chunk of chunks) hasher.update(chunk);
  return hasher.digest("hex");
}

export function randomBytes(seed: number, total: number): Uint8Array {
  return Buffer.concat([...randomChunks(seed, total)]);
}

/** A hash to feed as a wire's sink. */
export function hashSink(): { readonly sink: (chunk: Uint8Array) => void; digest(): string } {
  const hasher = new Bun.CryptoHasher("sha256");
  return { sink: (chunk) => void hasher.update(chunk), digest: () => hasher.digest("hex") };
}

// Fixed hashes: the same in every process and version, so that any number of bals choose alike.

/** FNV-1a with MurmurHash3's finalizer, 32 bits, of a text's UTF-16 units. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return finish(hash);
}

/** Two hashes made one, 32 bits; not symmetric. */
export function mix(key: number, seed: number): number {
  return finish(Math.imul(key ^ (key >>> 15), 0x9e3779b1) ^ finish(seed + 0x7f4a7c15));
}

function finish(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

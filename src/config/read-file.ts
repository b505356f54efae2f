// The bytes of a config file.
import { open } from "node:fs/promises";

export const MAX_FILE_BYTES = 1024 * 1024;

const CHUNK_BYTES = 64 * 1024;

/** No more than is needed to see that it is too large: /dev/zero and a pipe may have no end. */
export async function readStart(path: string): Promise<Uint8Array> {
  const file = await open(path);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    while (length <= MAX_FILE_BYTES) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK_BYTES));
      if (bytesRead === 0) break;
      chunks.push(buffer.subarray(0, bytesRead));
      length += bytesRead;
    }
  } finally {
    await file.close();
  }
  return Buffer.concat(chunks).subarray(0, MAX_FILE_BYTES + 1);
}

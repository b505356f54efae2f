import { expect, test } from "bun:test";
import { EAGAIN } from "../../src/os/abi.ts";
import { getLibc, isLinux } from "../../src/os/libc.ts";
import { closeDescriptor, openPair } from "../../src/os/socket.ts";
import { discard } from "../../src/os/stream.ts";

/** More than any read of it takes. */
const SENT = 100_000;

// A unix socket copies what TCP drops: into what must have room for it.
test.skipIf(!isLinux)("bytes of a unix socket are dropped, never more in one go than fit", () => {
  const [one, other] = openPair() as readonly [number, number];
  expect(getLibc().write(one, new Uint8Array(SENT).fill(7), SENT)).toBe(SENT);
  const counts: number[] = [];
  for (let count = discard(other); count !== -EAGAIN; count = discard(other)) counts.push(count);
  expect(Math.max(...counts)).toBeLessThanOrEqual(64 * 1024);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(SENT);
  closeDescriptor(one);
  expect(discard(other)).toBe(0);
  closeDescriptor(other);
});

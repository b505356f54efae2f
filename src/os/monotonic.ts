// CLOCK_MONOTONIC, which all processes of the host share: performance.now() starts at zero in each
// thread.
import { ptr } from "bun:ffi";
import { CLOCK_MONOTONIC } from "./abi.ts";
import { getLibc } from "./libc.ts";

/** struct timespec: two words of 64 bits. */
const timespec = new BigInt64Array(new ArrayBuffer(16));
const timespecPointer = ptr(timespec);

/** Microseconds. */
export function monotonicUsec(): bigint {
  getLibc().clock_gettime(CLOCK_MONOTONIC, timespecPointer);
  return (timespec[0] ?? 0n) * 1_000_000n + (timespec[1] ?? 0n) / 1000n;
}

/** From this thread's `performance.now()` to that clock, in milliseconds. */
export function monotonicOffsetMs(): number {
  return Number(monotonicUsec()) / 1000 - performance.now();
}

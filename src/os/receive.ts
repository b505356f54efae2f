// Reads the bytes that a connection has sent by the time it is accepted. Linux only.
import { ptr } from "bun:ffi";
import { EAGAIN, MSG_DONTWAIT } from "./abi.ts";
import { errno, getLibc } from "./libc.ts";

/** As much as HAProxy takes by default; what is left is read by Bun. */
const SIZE = 16 * 1024;

const buffer = new Uint8Array(new ArrayBuffer(SIZE));
const pointer = ptr(buffer);

/**
 * Reads without waiting.
 *
 * @returns the bytes, null when there are none (or a FIN), or the errno of a broken connection:
 *   the error is consumed, so the socket's events no longer tell it
 */
export function receiveEarly(fd: number): Uint8Array | null | number {
  const length = getLibc().recv(fd, pointer, SIZE, MSG_DONTWAIT);
  if (length > 0) return buffer.slice(0, length);
  if (length === 0) return null;
  const error = errno();
  return error === EAGAIN ? null : error;
}

// A connected socket by its descriptor, beside what Bun knows or without it. Linux only.
import { ptr } from "bun:ffi";
import {
  MSG_DONTWAIT,
  MSG_TRUNC,
  SHUT_WR,
  SIOCOUTQ,
  SO_ERROR,
  SO_LINGER,
  SOL_SOCKET,
} from "./abi.ts";
import { errno, getLibc, isLinux } from "./libc.ts";
import { descriptorOf } from "./socket.ts";

/** How much one call of `discard` drops at most. TCP copies nothing with MSG_TRUNC (tcp(7)); a unix
 *  socket takes no notice of it, so there is room for all of it (Linux 6.18). */
const dropped = new Uint8Array(new ArrayBuffer(64 * 1024));
const droppedPointer = ptr(dropped);

// struct linger { on, seconds }. Only what a function refers to lives on: a constant that nothing
// else uses is collected once the module is loaded, and its pointer goes stale.
const linger = new Int32Array(new ArrayBuffer(8));
const lingerPointer = ptr(linger);

const value = new Int32Array(new ArrayBuffer(8));
const valuePointer = ptr(value);
const length = new Int32Array(new ArrayBuffer(8));
const lengthPointer = ptr(length);

/** Sends FIN; what was written before goes first. */
export function shutdownWriting(fd: number): void {
  getLibc().shutdown(fd, SHUT_WR);
}

/** Closes it with a reset: its peer gets an error instead of an end. */
export function abort(fd: number): void {
  resetAtClose(fd);
  getLibc().close(fd);
}

/** Makes a later close of the socket reset its connection. */
export function resetAtClose(fd: number): void {
  linger[0] = 1;
  linger[1] = 0;
  getLibc().setsockopt(fd, SOL_SOCKET, SO_LINGER, lingerPointer, 8);
}

/** The bytes that were written to a socket, Bun's or a splicer's, and its peer has not taken yet. 0 where nothing
 *  reports them: for a closed socket, on macOS. */
export function unsentBytes(socket: object): number {
  const fd = descriptorOf(socket);
  if (!isLinux || fd < 0) return 0;
  return getLibc().ioctl(fd, SIOCOUTQ, valuePointer) < 0 ? 0 : (value[0] ?? 0);
}

/** Takes its pending error: an errno, 0 when there is none. */
export function takeError(fd: number): number {
  length[0] = 4;
  if (getLibc().getsockopt(fd, SOL_SOCKET, SO_ERROR, valuePointer, lengthPointer) < 0) return 0;
  return value[0] ?? 0;
}

/** Drops bytes that have come. @returns how many, 0 at the FIN, or a negative errno */
export function discard(fd: number): number {
  const count = getLibc().recv(fd, droppedPointer, dropped.length, MSG_DONTWAIT | MSG_TRUNC);
  return count < 0 ? -errno() : count;
}

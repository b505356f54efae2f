// splice(2): bytes from socket to socket by a pipe in the kernel, never copied to this process.
// Linux only.
import { ptr } from "bun:ffi";
import {
  F_GETPIPE_SZ,
  F_SETPIPE_SZ,
  MSG_DONTWAIT,
  O_CLOEXEC,
  O_NONBLOCK,
  SPLICE_F_MOVE,
  SPLICE_F_NONBLOCK,
} from "./abi.ts";
import { errno, getLibc } from "./libc.ts";

/** The ends of a pipe. Its owner closes both. */
export type KernelPipe = { readonly read: number; readonly write: number };

/** More than a pipe ever holds: as much as there is. */
const ALL = 1024 * 1024;

/** Less than any pipe holds that is opened here. */
const copied = new Uint8Array(new ArrayBuffer(16 * 1024));
const copiedPointer = ptr(copied);

const ends = new Int32Array(new ArrayBuffer(8));
const endsPointer = ptr(ends);

/**
 * Opens a pipe that holds `bytes`, or less once this user's pipes hold more than
 * /proc/sys/fs/pipe-user-pages-soft allows.
 *
 * @returns null when there is none of `leastBytes`, or no descriptor is left
 */
export function openPipe(bytes: number, leastBytes: number): KernelPipe | null {
  const libc = getLibc();
  if (libc.pipe2(endsPointer, O_NONBLOCK | O_CLOEXEC) < 0) return null;
  const pipe = { read: ends[0] ?? -1, write: ends[1] ?? -1 };
  const size = libc.fcntl(pipe.write, F_SETPIPE_SZ, bytes);
  if (size >= leastBytes || libc.fcntl(pipe.write, F_GETPIPE_SZ, 0) >= leastBytes) return pipe;
  closePipe(pipe);
  return null;
}

/**
 * Moves what splice(2) stops before: at an urgent byte it says that there is nothing, or, with a FIN
 * behind it, that this is the end; recv(2) leaves the byte out and goes on (Linux 6.18). The pipe must be
 * empty.
 *
 * @returns bytes moved, 0 at the end, or a negative errno
 */
export function copy(socket: number, pipe: number): number {
  const libc = getLibc();
  const count = libc.recv(socket, copiedPointer, copied.length, MSG_DONTWAIT);
  if (count <= 0) return count < 0 ? -errno() : 0;
  return libc.write(pipe, copiedPointer, count) < 0 ? -errno() : count;
}

export function closePipe({ read, write }: KernelPipe): void {
  const libc = getLibc();
  libc.close(read);
  libc.close(write);
}

/** Moves what there is, without waiting. @returns bytes moved, 0 at the end, or a negative errno */
export function splice(from: number, to: number): number {
  const flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;
  const moved = getLibc().splice(from, null, to, null, ALL, flags);
  return moved < 0 ? -errno() : moved;
}

// Unix sockets that listen, and the files by which they are found. Linux only. Errors are returned as
// negative errnos.
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  unlinkSync,
} from "node:fs";
import { AF_UNIX, EINVAL, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_STREAM } from "./abi.ts";
import { errno, getLibc } from "./libc.ts";
import { encodeUnixSockaddr } from "./sockaddr.ts";
import { BACKLOG, closeDescriptor } from "./socket.ts";

/** open(2): not in node's constants. */
const O_PATH = 0o10000000;

/**
 * Opens one at a path with these rights, or, `mode` null, in the abstract namespace. The caller closes it
 * and removes its file. Nobody can connect before listen(2), and by then the rights are right.
 *
 * @returns the descriptor, or a negative errno: EADDRINUSE where there is a file of any kind
 */
export function openUnixListening(path: string, mode: number | null): number {
  const libc = getLibc();
  const address = encodeUnixSockaddr(path);
  if (address === null) return -EINVAL;
  const fd = libc.socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno();
  // bind(2) takes the rights from the umask. A chmod afterwards would follow what somebody may have put
  // in the file's place.
  const umask = mode === null ? null : process.umask(0o777 & ~mode);
  const isBound = libc.bind(fd, address.pointer, address.bytes.length) === 0;
  const bindError = isBound ? 0 : errno();
  if (umask !== null) process.umask(umask);
  if (!isBound) {
    libc.close(fd);
    return -bindError;
  }
  if (libc.listen(fd, BACKLOG) === 0) return fd;
  const error = errno();
  libc.close(fd);
  if (mode !== null) removeFile(path);
  return -error;
}

/**
 * Does anybody listen there? A listener sees a client that goes at once.
 *
 * @returns 0, or the errno of a connect: ECONNREFUSED, nobody does; ENOENT, there is nothing; EACCES,
 *   this user can't tell
 */
export function tryConnect(path: string): number {
  const libc = getLibc();
  const address = encodeUnixSockaddr(path);
  if (address === null) return EINVAL;
  const fd = libc.socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno();
  const error = libc.connect(fd, address.pointer, address.bytes.length) < 0 ? errno() : 0;
  closeDescriptor(fd);
  return error;
}

/** Which socket a path leads to, as `device:inode`; null: to none. */
export function socketFileAt(path: string): string | null {
  const file = look(path);
  return file?.isSocket() ? `${file.dev}:${file.ino}` : null;
}

/** The rights of what is at a path; null: nothing. */
export function modeOf(path: string): number | null {
  const file = look(path);
  return file === null ? null : Number(file.mode & 0o777n);
}

function look(path: string) {
  try {
    return lstatSync(path, { bigint: true });
  } catch {
    return null;
  }
}

/** Gives the socket `file` (as `socketFileAt` has it) other rights, and nothing else that may have taken
 *  its place at the path meanwhile. @returns whether it could be */
export function setMode(path: string, file: string, mode: number): boolean {
  let fd = -1;
  try {
    fd = openSync(path, O_PATH | constants.O_NOFOLLOW);
    const { dev, ino } = fstatSync(fd, { bigint: true });
    if (`${dev}:${ino}` !== file) return false;
    // The path leads through the O_PATH descriptor, by proc(5): fchmod(2) takes none.
    chmodSync(`/proc/self/fd/${fd}`, mode);
    return true;
  } catch {
    return false;
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}

/** @returns whether it could be, or was gone already */
export function removeFile(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

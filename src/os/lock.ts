// flock(2): a lock that dies with its holder, however that ends. Linux only.
import { EAGAIN, LOCK_EX, LOCK_NB, LOCK_SH } from "./abi.ts";
import { errno, getLibc, isLinux } from "./libc.ts";

/** Whether there is a lock to ask. Elsewhere (macOS) the pid file must do. */
export const hasFlock = isLinux;

/**
 * Takes the lock on an open file, or returns false when another process has it. It is held until
 * the descriptor is closed.
 */
export function tryLock(fd: number): boolean {
  return flock(fd, LOCK_EX);
}

/** Whether somebody holds it. Two that look at once don't take each other for a holder. */
export function isLocked(fd: number): boolean {
  return !flock(fd, LOCK_SH);
}

// A file system that knows no locks (ENOLCK, ENOTSUP) stops nobody.
function flock(fd: number, kind: number): boolean {
  return getLibc().flock(fd, kind | LOCK_NB) === 0 || errno() !== EAGAIN;
}

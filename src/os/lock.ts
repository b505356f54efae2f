// flock(2): a lock that dies with its holder, however that ends.
import { EAGAIN, LOCK_EX, LOCK_NB } from "./abi.ts";
import { errno, getLibc, isLinux } from "./libc.ts";

/**
 * Takes the lock on an open file, or returns false when another process has it. It is held until
 * the descriptor is closed. Where there is no libc to ask (macOS) it is always had.
 */
export function tryLock(fd: number): boolean {
  if (!isLinux) return true;
  if (getLibc().flock(fd, LOCK_EX | LOCK_NB) === 0) return true;
  return errno() !== EAGAIN;
}

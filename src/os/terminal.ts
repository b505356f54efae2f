// Whether a descriptor is a terminal, and whether lines on it may have colour.
import { fstatSync, statSync } from "node:fs";

/** Loads node:tty, which takes half of what a command takes in all, only for what may be one. */
export function isTerminal(fd: number): boolean {
  try {
    const { rdev, mode } = fstatSync(fd);
    if ((mode & S_IFMT) !== S_IFCHR || rdev === statSync("/dev/null").rdev) return false;
    return process.getBuiltinModule("node:tty").isatty(fd);
  } catch {
    return false; // It is closed.
  }
}

/** May lines on this descriptor have colour? On a terminal, unless the environment says otherwise. */
export function hasColor(fd: number): boolean {
  const { NO_COLOR, TERM, CI } = process.env;
  return isTerminal(fd) && !NO_COLOR && !CI && TERM !== "dumb";
}

/** The type of a file, and a device of characters (inode(7)). */
const S_IFMT = 0o170000;
const S_IFCHR = 0o020000;

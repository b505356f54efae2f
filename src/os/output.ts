// Where lines go that must not wait for their reader: descriptors whose writes say EAGAIN in
// place of blocking, wherever the kernel knows the difference. A file on a disk has none.
import { constants, fstatSync, openSync, statSync } from "node:fs";
import { F_DUPFD_CLOEXEC, F_GETFL, F_SETFL, O_NONBLOCK } from "./abi.ts";
import { getLibc, isLinux } from "./libc.ts";

const { O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK: NONBLOCK, O_WRONLY } = constants;

/** For appending; made with mode 0600 where there is none. The caller closes it. Throws what open(2) says:
 *  ENXIO of a pipe that nobody reads. */
export function openOutput(file: string): number {
  try {
    return openSync(file, O_WRONLY | O_APPEND | O_CREAT | NONBLOCK | O_NOCTTY, 0o600);
  } catch (error) {
    // /dev/stdout: a socket can't be opened again, nor can another user's pipe.
    const copy = isLinux ? copyOfStandard(file) : null;
    if (copy === null) throw error;
    return copy;
  }
}

/** A further descriptor for stdout or stderr, where that is what the path leads to. */
function copyOfStandard(file: string): number | null {
  try {
    const { dev, ino } = statSync(file);
    for (const fd of [1, 2] as const) {
      const own = fstatSync(fd);
      if (own.dev !== dev || own.ino !== ino) continue;
      const copy = getLibc().fcntl(fd, F_DUPFD_CLOEXEC, 0);
      if (copy < 0) return null;
      if (own.isSocket()) setNonBlocking(copy);
      return copy;
    }
  } catch {
    // Neither there nor open.
  }
  return null;
}

/** Opens the file of stdout or stderr, under a descriptor of its own where that is needed. */
export function openStandard(fd: 1 | 2): number {
  if (!isLinux) return fd;
  try {
    const stats = fstatSync(fd);
    // Opened again: a process that shares the old one, such as a shell, goes on waiting as before.
    if (stats.isFIFO() || stats.isCharacterDevice())
      return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_APPEND | NONBLOCK | O_NOCTTY);
    // A socket (systemd's journal) can't be.
    if (stats.isSocket()) setNonBlocking(fd);
  } catch {
    // It is closed, or may not be opened: writes to it say so, or wait.
  }
  return fd;
}

function setNonBlocking(fd: number): void {
  const libc = getLibc();
  const flags = libc.fcntl(fd, F_GETFL, 0);
  if (flags >= 0) libc.fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

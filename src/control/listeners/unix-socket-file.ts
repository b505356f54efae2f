// The file of a unix socket that bal listens on: made with the socket, gone with the listener, and never
// anybody else's.
import { EADDRINUSE, ECONNREFUSED } from "../../os/abi.ts";
import {
  openUnixListening,
  removeFile,
  socketFileAt,
  tryConnect,
} from "../../os/unix-listening.ts";

/**
 * Opens a listening socket at a path; a socket there that nobody answers on, such as a bal that was killed
 * has left, is removed first.
 *
 * @returns the descriptor, or a negative errno
 */
export function openAtPath(path: string, mode: number | null): number {
  const fd = openUnixListening(path, mode);
  if (fd !== -EADDRINUSE || mode === null || !removeStale(path)) return fd;
  return openUnixListening(path, mode);
}

/** Removes the file, if it is still this one. @returns whether it was, and could be */
export function removeSocketFile(path: string, file: string): boolean {
  return socketFileAt(path) === file && removeFile(path);
}

function removeStale(path: string): boolean {
  const file = socketFileAt(path);
  return file !== null && tryConnect(path) === ECONNREFUSED && removeSocketFile(path, file);
}

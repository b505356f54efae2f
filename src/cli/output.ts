// Writes a command's stdout and stderr.
import { writeSync } from "node:fs";
import { codeOf } from "../base/os-error.ts";
import { printableJson } from "../base/printable.ts";

/** In the place of what was said so before, on a terminal; nothing clears it. */
export function sayOver(fd: 1 | 2, text: string): void {
  put(fd, `\r\u001b[K${text}`);
}

/** A line on stdout (1) or stderr (2). A reader that has gone is nobody's error: then it is false. */
export function say(fd: 1 | 2, line: string): boolean {
  return put(fd, `${line}\n`);
}

/** A value as JSON on stdout, with nothing in it that a terminal obeys; `isOneLine`: as a line of its own. */
export function sayJson(value: unknown, { isOneLine = false } = {}): boolean {
  return say(1, printableJson(JSON.stringify(value, null, isOneLine ? 0 : 2)));
}

/** Nobody reads any more: a pipe, a terminal, a descriptor that was closed. */
const READER_HAS_GONE = ["EPIPE", "EIO", "EBADF"];
/** Why something on stdout is lost though somebody may read it. */
let unwritten: string | null = null;

/** The code of the error that lost output on stdout, such as ENOSPC; null: nothing is lost. */
export function lostOutput(): string | null {
  return unwritten;
}

/** As it is, at once. */
export function put(fd: 1 | 2, text: string | Uint8Array): boolean {
  let rest = typeof text === "string" ? Buffer.from(text) : text;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      // A pipe that is full and does not block: its reader is slow.
      const code = codeOf(error) ?? String(error);
      if (code === "EAGAIN") {
        Bun.sleepSync(5);
        continue;
      }
      if (fd === 1 && !READER_HAS_GONE.includes(code)) unwritten ??= code;
      return false;
    }
  }
  return true;
}

// The one place where an error becomes words and an exit code.
import { writeSync } from "node:fs";
import { BalError } from "../base/errors.ts";
import { codeOf } from "../base/os-error.ts";
import { paint } from "./views/color.ts";
import { plain } from "./views/sanitize.ts";

/** 0 done, 1 it failed, 2 wrong usage. */
export type ExitCode = 0 | 1 | 2;

/** The command line was wrong. */
export function usageError(message: string, hint?: string): BalError {
  return new BalError("usage", message, { exitCode: 2, ...(hint !== undefined && { hint }) });
}

/** Tells what went wrong, on stderr. Never a stack trace, but with BAL_DEBUG. */
export function report(error: unknown): ExitCode {
  const red = (text: string) => paint(2, "red", text);
  if (error instanceof BalError) {
    const { message, hint, exitCode } = error;
    say(2, `${red("error")}: ${plain(message)}`);
    if (hint !== null) say(2, `  ${plain(hint)}`);
    return exitCode;
  }
  const message = plain(error instanceof Error ? error.message : String(error));
  if (isFromSystem(error)) say(2, `${red("error")}: ${message}`);
  else {
    say(2, `${red("error")}: a fault of bal's own: ${message}`);
    say(2, "  please report it with the command that you ran; BAL_DEBUG=1 shows the stack");
  }
  if (process.env.BAL_DEBUG && error instanceof Error) say(2, error.stack ?? "");
  return 1;
}

/** For a command that has told what it was asked for: 1 where that could not be written, on a full disk. */
export function outputCode(): ExitCode {
  if (unwritten === null) return 0;
  say(2, `${paint(2, "red", "error")}: cannot write to stdout: ${unwritten}`);
  return 1;
}

// A full disk, a folder that may not be read: what it says is all there is to it.
function isFromSystem(error: unknown): boolean {
  return /^E[A-Z0-9]+$/.test(codeOf(error) ?? "");
}

/** In the place of what was said so before, on a terminal; nothing clears it. */
export function sayOver(fd: 1 | 2, text: string): void {
  put(fd, `\r\u001b[K${text}`);
}

/** A line on stdout (1) or stderr (2). A reader that has gone is nobody's error: then it is false. */
export function say(fd: 1 | 2, line: string): boolean {
  return put(fd, `${line}\n`);
}

/** Nobody reads any more: a pipe, a terminal, a descriptor that was closed. */
const READER_HAS_GONE = ["EPIPE", "EIO", "EBADF"];
/** Why something on stdout is lost though somebody may read it. */
let unwritten: string | null = null;

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

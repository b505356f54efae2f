// The one place where an error becomes words and an exit code.
import { BalError } from "../base/errors.ts";
import { codeOf } from "../base/os-error.ts";
import { printable } from "../base/printable.ts";
import { lostOutput, say } from "./output.ts";
import { color } from "./views/color.ts";

/** 0 done, 1 it failed, 2 wrong usage. */
export type ExitCode = 0 | 1 | 2;

/** The command line was wrong. */
export function usageError(message: string, hint?: string): BalError {
  return new BalError("usage", message, { exitCode: 2, ...(hint !== undefined && { hint }) });
}

/** Tells what went wrong, on stderr. Never a stack trace, but with BAL_DEBUG. */
export function report(error: unknown): ExitCode {
  const red = (text: string) => color(2, "red", text);
  if (error instanceof BalError) {
    const { message, hint, exitCode } = error;
    say(2, `${red("error")}: ${printable(message)}`);
    if (hint !== null) say(2, `  ${printable(hint)}`);
    return exitCode;
  }
  const message = printable(error instanceof Error ? error.message : String(error));
  if (isFromSystem(error)) say(2, `${red("error")}: ${message}`);
  else {
    say(2, `${red("error")}: an internal fault: ${message}`);
    say(2, "  please report it with the command that you ran; BAL_DEBUG=1 shows the stack trace");
  }
  if (process.env.BAL_DEBUG && error instanceof Error) say(2, error.stack ?? "");
  return 1;
}

/** For a command that has told what it was asked for: 1 where that could not be written, on a full disk. */
export function outputCode(): ExitCode {
  const code = lostOutput();
  if (code === null) return 0;
  say(2, `${color(2, "red", "error")}: cannot write to stdout: ${code}`);
  return 1;
}

// A full disk, a folder that may not be read: what it says is all there is to it.
function isFromSystem(error: unknown): boolean {
  return /^E[A-Z0-9]+$/.test(codeOf(error) ?? "");
}

// The one exception type that is ours. Network trouble and a peer's bytes are values, never
// thrown; cli/exit prints a BalError and turns it into an exit code.

type BalErrorOptions = {
  /** The remedy: a sentence that says what the user can do about it. */
  readonly hint?: string;
  /** 1: it failed. 2: the command line was wrong. Default 1. */
  readonly exitCode?: 1 | 2;
  readonly cause?: unknown;
};

export class BalError extends Error {
  /** A stable kebab-case word, for scripts: `already-running`, `address-in-use`… */
  readonly code: string;
  readonly exitCode: 1 | 2;
  readonly hint: string | null;

  constructor(code: string, message: string, options: BalErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = "BalError";
    this.code = code;
    this.exitCode = options.exitCode ?? 1;
    this.hint = options.hint ?? null;
  }
}

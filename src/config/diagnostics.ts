// The mistakes in a file, as data. How they look on a terminal is the business of cli/views.

/** A finding in a config file. `line` and `column` count from 1. */
export type Diagnostic = {
  readonly severity: "error" | "warning";
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Behind what it is about, on the same line; absent where that is a place alone. */
  readonly end_column?: number;
  /** The key's path: `pools.web.backends[1].port`; empty for the whole file. */
  readonly path: string;
  /** A stable kebab-case word: `unknown-key`, `out-of-range`… */
  readonly code: string;
  /** Says what is wrong and what is allowed, without a full stop. */
  readonly message: string;
  /** A suggestion: the near name, the new key, the remedy. */
  readonly hint?: string;
};

/** On one line: `config.yaml:2:3: port: message (hint)`. */
export function describeDiagnostic({
  file,
  line,
  column,
  path,
  message,
  hint,
}: Diagnostic): string {
  const where = path === "" ? "" : `${path}: `;
  return `${file}:${line}:${column}: ${where}${message}${hint === undefined ? "" : ` (${hint})`}`;
}

// Collects the findings in one file, and knows where in it each key stands.
import type { LineCounter } from "yaml";
import type { Diagnostic } from "./diagnostics.ts";

export type Finding = {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | null;
};

/** So many errors tell enough; a file of garbage could have a million. */
const MAX_ERRORS = 200;

export class Report {
  readonly errors: Diagnostic[] = [];
  readonly warnings: Diagnostic[] = [];
  /** What diagnostics call it: its path. */
  readonly file: string;
  private readonly lines: LineCounter;
  /** Key path → offset of its value in the source. */
  private readonly offsets = new Map<string, number>();
  /** Key path → the one that it has in the file. */
  private readonly spelt = new Map<string, string>();

  constructor(file: string, lines: LineCounter) {
    this.file = file;
    this.lines = lines;
  }

  /** Notes where the value at a path stands. */
  place(path: string, offset: number): void {
    this.offsets.set(path, offset);
  }

  /** Findings about `path` are about `written`, an older name of the same key. */
  spell(path: string, written: string): void {
    this.spelt.set(path, written);
  }

  has(path: string): boolean {
    return this.offsets.has(path);
  }

  error(path: string, finding: Finding): void {
    this.errorAt(path, this.offsetOf(path), finding);
  }

  errorAt(path: string, offset: number, finding: Finding): void {
    if (this.errors.length < MAX_ERRORS)
      this.errors.push(this.locate("error", path, offset, finding));
  }

  warn(path: string, finding: Finding): void {
    if (this.warnings.length >= MAX_ERRORS) return;
    const written = this.spelt.get(path) ?? path;
    this.warnings.push(this.locate("warning", written, this.offsetOf(written), finding));
  }

  /** Everything in the order of the file. */
  sort(): void {
    const byPlace = (a: Diagnostic, b: Diagnostic) => a.line - b.line || a.column - b.column;
    this.errors.sort(byPlace);
    this.warnings.sort(byPlace);
  }

  // A key that is not written stands where its parent does.
  private offsetOf(path: string): number {
    for (let at = path; at !== ""; at = parentOf(at)) {
      const offset = this.offsets.get(at);
      if (offset !== undefined) return offset;
    }
    return 0;
  }

  private locate(
    severity: Diagnostic["severity"],
    path: string,
    offset: number,
    { code, message, hint }: Finding,
  ): Diagnostic {
    const { line, col } = this.lines.linePos(offset);
    const place = { severity, file: this.file, line: Math.max(1, line), column: Math.max(1, col) };
    return { ...place, path, code, message, ...(hint && { hint }) };
  }
}

/** Names may hold brackets and dots themselves; what comes back is shorter in any case. */
function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("."), path.lastIndexOf("[")));
}

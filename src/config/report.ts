// Collects the findings in one file, and knows where in it each key stands.
import type { LineCounter } from "yaml";
import type { Diagnostic } from "./diagnostics.ts";
import type { WarningCode } from "./warnings.ts";

export type Finding = {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | null;
};

type Warning = Finding & { readonly code: WarningCode };

/** A part of the source, as offsets; `end` is behind it. */
export type Span = { readonly start: number; readonly end: number };

/** A finding and where it belongs, before it has a path. */
export type PlacedFinding = { readonly span: Span; readonly finding: Finding };

/** So many errors tell enough; a file of garbage could have a million. */
const MAX_ERRORS = 200;

export class Report {
  readonly errors: Diagnostic[] = [];
  warnings: Diagnostic[] = [];
  /** The file's name in diagnostics: its path. */
  readonly file: string;
  private readonly text: string;
  private readonly lines: LineCounter;
  /** Key path → where its value stands in the source. */
  private readonly spans = new Map<string, Span>();
  /** Key path → the one that it has in the file. */
  private readonly spelt = new Map<string, string>();
  /** A value that several aliases stand for has its errors once. */
  private readonly told = new Set<string>();

  constructor(file: string, text: string, lines: LineCounter) {
    this.file = file;
    this.text = text;
    this.lines = lines;
  }

  /** Further errors are dropped. */
  get isFull(): boolean {
    return this.errors.length >= MAX_ERRORS;
  }

  /** Notes where the value at a path stands. */
  place(path: string, span: Span): void {
    this.spans.set(path, span);
  }

  /** Findings about `path` are about `written`, an older name of the same key. */
  spell(path: string, written: string): void {
    this.spelt.set(path, written);
  }

  has(path: string): boolean {
    return this.spans.has(path);
  }

  /** The text that is written there, when it is short enough for a hint; else an ellipsis. */
  excerpt({ start, end }: Span): string {
    const text = this.text.slice(start, end).trim();
    return text.length > 60 || text.includes("\n") ? "…" : text;
  }

  firstLine({ start, end }: Span): string {
    return this.text.slice(start, end).split(/\r?\n/, 1)[0] ?? "";
  }

  error(path: string, finding: Finding): void {
    this.errorAt(path, this.spanOf(path), finding);
  }

  errorAt(path: string, span: Span, finding: Finding): void {
    if (this.isFull) return;
    const { code, message } = finding;
    const key = `${span.start} ${code} ${message}`;
    if (this.told.has(key)) return;
    this.told.add(key);
    this.errors.push(this.locate("error", { path, span }, finding));
  }

  warn(path: string, finding: Warning): void {
    const written = this.spelt.get(path) ?? path;
    this.warnAt(written, this.spanOf(written), finding);
  }

  warnAt(path: string, span: Span, finding: Warning): void {
    if (this.warnings.length >= MAX_ERRORS) return;
    this.warnings.push(this.locate("warning", { path, span }, finding));
  }

  dropWarnings(isDropped: (warning: Diagnostic) => boolean): void {
    this.warnings = this.warnings.filter((warning) => !isDropped(warning));
  }

  /** Everything in the order of the file. */
  sort(): void {
    const byPlace = (a: Diagnostic, b: Diagnostic) => a.line - b.line || a.column - b.column;
    this.errors.sort(byPlace);
    this.warnings.sort(byPlace);
  }

  // A key that is not written stands where its parent does.
  private spanOf(path: string): Span {
    for (let at = path; at !== ""; at = parentOf(at)) {
      const span = this.spans.get(at);
      if (span !== undefined) return span;
    }
    return { start: 0, end: 0 };
  }

  private locate(
    severity: Diagnostic["severity"],
    { path, span }: { readonly path: string; readonly span: Span },
    { code, message, hint }: Finding,
  ): Diagnostic {
    const { line, col } = this.lines.linePos(span.start);
    const column = Math.max(1, col);
    const length = this.lengthOnLine(span);
    return {
      severity,
      file: this.file,
      line: Math.max(1, line),
      column,
      ...(length > 0 && { end_column: column + length }),
      path,
      code,
      message,
      ...(hint && { hint }),
    };
  }

  // A place that spans several lines is cut: an end column is on the same line.
  private lengthOnLine({ start, end }: Span): number {
    return this.firstLine({ start, end }).trimEnd().length;
  }
}

/** Names may hold brackets and dots themselves; what comes back is shorter in any case. */
function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("."), path.lastIndexOf("[")));
}

import { type ConsolaInstance, createConsola, type LogObject } from "consola/core";
import { printableJson } from "../../base/printable.ts";
import type { Move } from "../../base/staged-change.ts";
import type { LogFormat, LogLevel } from "../../config/config.ts";
import { hasColor, isTerminal } from "../../os/terminal.ts";
import { LineWriter, type Target } from "./line-writer.ts";
import { prettyLine } from "./pretty-line.ts";

type LogFields = Readonly<Record<string, unknown>>;

/** `event` is a stable word for machines (`listening`, `backend-down`), `message` is for people. */
export interface Log {
  debug(event: string, message: string, fields?: LogFields): void;
  info(event: string, message: string, fields?: LogFields): void;
  warn(event: string, message: string, fields?: LogFields): void;
  error(event: string, message: string, fields?: LogFields): void;
}

export type LogOptions = {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly target: Target;
};

const MAX_QUEUED_BYTES = 1024 * 1024;
/** Characters of a message or a field: more than a fault with its stack has. */
const MAX_TEXT = 8192;

type Entry = LogObject & { readonly event?: string; readonly fields?: LogFields };

/** consola's numbers. */
const LEVELS: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 3, debug: 4 };

export class LogSink implements Log {
  /** Lines that could not be written so far. */
  dropped = 0;
  private target: Target;
  private writer: LineWriter;
  private readonly consola: ConsolaInstance;
  private readonly onDrop: (reason: string) => void;
  private isPretty: boolean;

  /** Throws BalError `log-not-writable`. */
  constructor({ level, format, target }: LogOptions, onDrop: (reason: string) => void = () => {}) {
    this.onDrop = onDrop;
    this.target = target;
    this.writer = this.open(target);
    this.isPretty = this.isPrettyFor(format);
    this.consola = createConsola({
      level: LEVELS[level],
      // Every line counts; what may come too often is limited where it is said.
      throttle: 0,
      throttleMin: Number.POSITIVE_INFINITY,
      reporters: [{ log: (entry) => this.writer.write(this.format(entry)) }],
    });
  }

  debug(event: string, message: string, fields?: LogFields): void {
    this.consola.debug({ message, event, fields });
  }

  info(event: string, message: string, fields?: LogFields): void {
    this.consola.info({ message, event, fields });
  }

  warn(event: string, message: string, fields?: LogFields): void {
    this.consola.warn({ message, event, fields });
  }

  error(event: string, message: string, fields?: LogFields): void {
    this.consola.error({ message, event, fields });
  }

  /** Another level, format or file. Throws BalError `log-not-writable`, with nothing changed. */
  move({ level, format, target }: LogOptions): Move {
    const before = this.writer;
    const next = target === this.target ? before : this.open(target);
    const commit = () => {
      this.target = target;
      this.writer = next;
      if (next !== before) before.close();
      this.consola.level = LEVELS[level];
      this.isPretty = this.isPrettyFor(format);
    };
    return { commit, undo: () => next !== before && next.close() };
  }

  /** Opens the file again, after it was moved away; goes on in the old one when that fails. Throws BalError
   *  `log-not-writable`. */
  reopen(): void {
    this.writer.reopen();
  }

  /** Lines are lost at present. */
  get isStuck(): boolean {
    return this.writer.isStuck;
  }

  /** Resolves when all is written, or can't be. */
  flush(): Promise<void> {
    return this.writer.flush();
  }

  private open(target: Target): LineWriter {
    const onDrop = (lines: number, reason: string) => {
      this.dropped += lines;
      this.onDrop(reason);
    };
    return new LineWriter(target, { maxQueuedBytes: MAX_QUEUED_BYTES, onDrop });
  }

  private isPrettyFor(format: LogFormat): boolean {
    return format === "pretty" || (format === "auto" && isTerminal(this.writer.fd));
  }

  private format({ date, type, args, event = "", fields = {} }: Entry): string {
    const message = args.map(String).join(" ");
    if (!this.isPretty) return json({ time: date, level: type, event, message, ...fields });
    const line = { date, level: type, message, hint: fields.hint };
    return prettyLine(line, { hasColor: hasColor(this.writer.fd), max: MAX_TEXT });
  }
}

// A field that JSON has no form for costs its value, not the line.
function json(line: Readonly<Record<string, unknown>>): string {
  try {
    return printableJson(JSON.stringify(line, (_key, value: unknown) => bounded(value)));
  } catch {
    const texts = Object.entries(line).map(([key, value]) =>
      value instanceof Date ? [key, value] : [key, bounded(String(value))],
    );
    return printableJson(JSON.stringify(Object.fromEntries(texts)));
  }
}

function bounded(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "string" || value.length <= MAX_TEXT) return value;
  return `${value.slice(0, MAX_TEXT - 1)}…`;
}

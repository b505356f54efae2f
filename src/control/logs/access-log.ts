// The access log: lines that the threads have made, in batches, onto stdout or a file. What can't be written
// is dropped and counted.

import type { Move } from "../../base/staged-change.ts";
import type { AccessConfig } from "../../config/config.ts";
import type { AccessLines } from "../../shared/worker-messages.ts";
import { LineWriter, type Target } from "./line-writer.ts";

/** Tens of thousands of lines: a disk that is slow for a second costs none. */
const MAX_QUEUED_BYTES = 8 * 1024 * 1024;
/** How late lines may come that a thread has made for the config before. */
const LATE_MS = 5000;

/** As in the config. */
type File = AccessConfig["file"];

type AccessLogOptions = {
  /** Where a config's lines go. */
  readonly targetOf: (file: File) => Target;
  readonly onDrop: (lines: number, reason: string) => void;
};

export class AccessLog {
  private readonly options: AccessLogOptions;
  private readonly writers = new Map<File, LineWriter>();
  private config: AccessConfig;
  /** The config that a reload is about to bring: its lines may be here before it is committed. */
  private next: AccessConfig;

  /** Throws BalError `log-not-writable`. */
  constructor(config: AccessConfig, options: AccessLogOptions) {
    this.options = options;
    this.config = config;
    this.next = config;
    this.move(config).commit();
  }

  /** The log's name for people. */
  get name(): string {
    const target = this.options.targetOf(this.config.file);
    return typeof target === "string" ? target : "stdout";
  }

  /** Another mode or file. Throws BalError `log-not-writable`, with nothing changed. */
  move(config: AccessConfig): Move {
    const { targetOf, onDrop } = this.options;
    const { file } = config;
    if (config.mode !== "off" && !this.writers.has(file)) {
      const options = { maxQueuedBytes: MAX_QUEUED_BYTES, onDrop };
      this.writers.set(file, new LineWriter(targetOf(file), options));
    }
    this.next = config;
    const settle = () => setTimeout(() => this.closeUnused(), LATE_MS).unref();
    const commit = () => {
      this.config = config;
      settle();
    };
    const undo = () => {
      this.next = this.config;
      settle();
    };
    return { commit, undo };
  }

  /** Lines go where the config wanted them for which they were made, as long as that is open. */
  take({ file, lines, text }: AccessLines): void {
    const writer = this.writers.get(file) ?? this.writers.get(this.config.file);
    if (writer === undefined) this.options.onDrop(lines, "it is off");
    else writer.write(text, lines);
  }

  /** Opens the files again, after they were moved away. Throws BalError `log-not-writable`. */
  reopen(): void {
    for (const writer of this.writers.values()) writer.reopen();
  }

  /** Resolves when all is written, or can't be. */
  async flush(): Promise<void> {
    await Promise.all([...this.writers.values()].map((writer) => writer.flush()));
  }

  private closeUnused(): void {
    const used = [this.config, this.next].filter(({ mode }) => mode !== "off");
    for (const [file, writer] of this.writers) {
      if (used.some((config) => config.file === file)) continue;
      this.writers.delete(file);
      writer.close();
    }
  }
}

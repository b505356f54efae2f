// Both logs, bal's own and the access log: where a config wants them, opened again together, and what is said
// when lines were lost.
import { dirname, resolve } from "node:path";
import { BalError } from "../../base/errors.ts";
import type { Move } from "../../base/staged-change.ts";
import type { LogConfig, LogLevel } from "../../config/config.ts";
import type { AccessLines } from "../../shared/worker-messages.ts";
import { AccessLog } from "./access-log.ts";
import type { Target } from "./line-writer.ts";
import { type LogOptions, LogSink } from "./log.ts";

type LogsOptions = {
  /** The file that paths are relative to; null: the working folder. */
  readonly configFile: string | null;
  /** Where they go unless the config names files; null: stderr and stdout. */
  readonly home: { readonly log: string; readonly access: string } | null;
  /** Over what any config says. */
  readonly level: LogLevel | undefined;
};

/** Lost lines are told so often. */
const REPORT_MS = 1000;

/** The path that a config names. */
export function logPath(file: string, configFile: string | null): string {
  return resolve(configFile === null ? "." : dirname(configFile), file);
}

export class Logs {
  readonly log: LogSink;
  private readonly options: LogsOptions;
  private readonly access: AccessLog;
  private droppedAccess = 0;
  private reason = "";
  /** Which log lost lines last, and why. */
  lostReason = "";
  /** The numbers of dropped lines that have been reported. */
  private told = { log: 0, access: 0 };
  private timer: Timer | null = null;

  /** Throws BalError `log-not-writable` or `duplicate-file`. */
  constructor(config: LogConfig, options: LogsOptions) {
    this.options = options;
    this.keepApart(config);
    this.log = new LogSink(this.ownOptions(config), (reason) => {
      this.lostReason = `bal's own log: ${reason}`;
      this.reportSoon();
    });
    this.access = new AccessLog(config.access, {
      targetOf: (file) => this.targetOf(file, "access"),
      onDrop: (lines, reason) => {
        this.droppedAccess += lines;
        this.reason = reason;
        this.lostReason = `the access log: ${reason}`;
        this.reportSoon();
      },
    });
  }

  /** Lines that could not be written so far, of either. */
  get dropped(): number {
    return this.log.dropped + this.droppedAccess;
  }

  /** Lines of the access log. */
  readonly take = (lines: AccessLines): void => this.access.take(lines);

  /** Another config. Throws BalError `log-not-writable` or `duplicate-file`, with nothing changed. */
  move(config: LogConfig): Move {
    this.keepApart(config);
    const own = this.log.move(this.ownOptions(config));
    try {
      const access = this.access.move(config.access);
      const both = (step: keyof Move) => {
        own[step]();
        access[step]();
      };
      return { commit: () => both("commit"), undo: () => both("undo") };
    } catch (error) {
      own.undo();
      throw error;
    }
  }

  /** Opens the files again, after they were moved away; one that can't be goes on as it is. */
  reopen(): void {
    for (const each of [this.log, this.access]) {
      try {
        each.reopen();
      } catch (error) {
        if (!(error instanceof BalError)) throw error;
        const { message, hint } = error;
        this.log.error("log-not-reopened", `${message}; bal continues to write to the open file`, {
          hint,
        });
      }
    }
    this.log.debug("logs-reopened", "reopened the log files");
  }

  /** Resolves when all is written, or can't be. */
  async flush(): Promise<void> {
    await this.access.flush();
    this.report();
    await this.log.flush();
  }

  private ownOptions({ level, format, file }: LogConfig): LogOptions {
    return { level: this.options.level ?? level, format, target: this.targetOf(file, "log") };
  }

  private targetOf(file: string | null, which: "log" | "access"): Target {
    const { home, configFile } = this.options;
    if (file !== null) return logPath(file, configFile);
    return home?.[which] ?? (which === "log" ? 2 : 1);
  }

  // `check` has reported clashes of paths in the config; the home's files are known only here.
  private keepApart({ file, access }: LogConfig): void {
    const target = this.targetOf(access.file, "access");
    if (access.mode === "off" || typeof target !== "string" || target.startsWith("/dev/")) return;
    if (target !== this.targetOf(file, "log")) return;
    throw new BalError(
      "duplicate-file",
      `the access log cannot be in the file of bal's own log, ${target}`,
      {
        hint: "set another file as log.access.file",
      },
    );
  }

  private reportSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.report();
    }, REPORT_MS);
  }

  private report(): void {
    const { log, told, droppedAccess, reason, access } = this;
    if (droppedAccess > told.access) {
      const count = droppedAccess - told.access;
      told.access = droppedAccess;
      const message = `${count} lines of the access log (${access.name}) were lost: ${reason}`;
      log.warn("access-lines-lost", message, { count, total: droppedAccess, reason });
    }
    if (log.dropped === told.log) return;
    // As long as it can't be written it can't say so.
    if (log.isStuck) return this.reportSoon();
    const count = log.dropped - told.log;
    told.log = log.dropped;
    log.warn("lines-lost", `${count} lines of this log were lost`, { count, total: log.dropped });
  }
}

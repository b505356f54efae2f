// Lines onto a descriptor, in order, without ever waiting for it: one write is under way at a time,
// on a thread of the runtime; what comes meanwhile is queued up to a bound, and dropped beyond it.
import { closeSync, openSync, write } from "node:fs";
import { BalError } from "../base/errors.ts";
import { codeOf } from "../base/os-error.ts";

const STDERR = 2;
const MAX_QUEUED_BYTES = 1024 * 1024;
const FLUSH_MS = 500;

/** For appending, for this user alone. The caller closes it. Throws BalError `log-not-writable`. */
export function openLog(file: string): number {
  try {
    return openSync(file, "a", 0o600);
  } catch (cause) {
    throw new BalError("log-not-writable", `cannot write the log ${file}: ${codeOf(cause)}`, {
      cause,
    });
  }
}

export class LineWriter {
  /** Lines that were not written: no room, no reader, no disk. */
  dropped = 0;
  fd: number;
  private readonly file: string | null;
  private queue: string[] = [];
  private queuedBytes = 0;
  private isWriting = false;
  /** The last write stopped within a line: what comes next begins a new one. */
  private isTorn = false;
  private readonly waiters: (() => void)[] = [];

  /** `file` is null for stderr. Throws BalError `log-not-writable`. */
  constructor(file: string | null) {
    this.file = file;
    this.fd = file === null ? STDERR : openLog(file);
  }

  write(line: string): void {
    if (this.queuedBytes > MAX_QUEUED_BYTES) {
      this.dropped++;
      return;
    }
    this.queue.push(line);
    this.queuedBytes += line.length;
    if (!this.isWriting) this.next();
  }

  /** Opens the file again; keeps the old one when that fails. */
  reopen(): void {
    if (this.file === null) return;
    try {
      const before = this.fd;
      this.fd = openLog(this.file);
      // A write to the old one may be under way.
      setTimeout(() => closeSync(before), FLUSH_MS);
    } catch {
      this.dropped++;
    }
  }

  async flush(): Promise<void> {
    if (!this.isWriting) return;
    await Promise.race([
      new Promise<void>((resolve) => this.waiters.push(resolve)),
      Bun.sleep(FLUSH_MS),
    ]);
  }

  private next(): void {
    const lines = this.queue;
    if (lines.length === 0) {
      this.isWriting = false;
      for (const resolve of this.waiters.splice(0)) resolve();
      return;
    }
    this.isWriting = true;
    this.queue = [];
    this.queuedBytes = 0;
    this.put(Buffer.from(`${this.isTorn ? "\n" : ""}${lines.join("\n")}\n`), lines.length);
  }

  // ENOSPC, EIO, EPIPE, EAGAIN: these lines are lost, the next ones have their chance.
  private put(bytes: Buffer, lines: number): void {
    write(this.fd, bytes, 0, bytes.length, null, (error, written) => {
      if (error !== null) this.dropped += lines;
      else this.isTorn = written < bytes.length;
      if (error === null && this.isTorn) return this.put(bytes.subarray(written), lines);
      this.next();
    });
  }
}

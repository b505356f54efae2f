// Lines onto a descriptor, in order, without ever waiting for it: one write is under way at a time,
// on a thread of the runtime; what comes meanwhile is queued up to a bound, and dropped beyond it.
import { closeSync, openSync, write } from "node:fs";

const STDERR = 2;
const MAX_QUEUED_BYTES = 1024 * 1024;
const FLUSH_MS = 500;

export class LineWriter {
  /** Lines that were not written: no room, no reader, no disk. */
  dropped = 0;
  fd: number;
  private readonly file: string | null;
  private queue: string[] = [];
  private queuedBytes = 0;
  private isWriting = false;
  private readonly waiters: (() => void)[] = [];

  /** `file` is null for stderr. Throws when it can't be opened. */
  constructor(file: string | null) {
    this.file = file;
    this.fd = file === null ? STDERR : open(file);
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
      this.fd = open(this.file);
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
    this.put(Buffer.from(`${lines.join("\n")}\n`), lines.length);
  }

  // ENOSPC, EIO, EPIPE, EAGAIN: these lines are lost, the next ones have their chance.
  private put(bytes: Buffer, lines: number): void {
    write(this.fd, bytes, 0, bytes.length, null, (error, written) => {
      if (error !== null) this.dropped += lines;
      else if (written < bytes.length) return this.put(bytes.subarray(written), lines);
      this.next();
    });
  }
}

function open(file: string): number {
  return openSync(file, "a", 0o600);
}

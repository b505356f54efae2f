// Lines onto a descriptor, in order, without ever waiting for it: one write is under way at a time,
// on a thread of the runtime; what comes meanwhile is queued up to a bound, and dropped beyond it. A
// pipe or a terminal that is full is tried again; a disk that is full loses the lines that meet it.
import { closeSync, write } from "node:fs";
import { BalError } from "../../base/errors.ts";
import { codeOf } from "../../base/os-error.ts";
import { openOutput, openStandard } from "../../os/output.ts";

/** A file's path, or stdout or stderr. */
export type Target = string | 1 | 2;

type WriterOptions = {
  /** The most that may wait in memory. */
  readonly maxQueuedBytes: number;
  /** Lines will not be written, and why. */
  readonly onDrop: (lines: number, reason: string) => void;
};

/** How long a flush waits while not a byte moves, and at most: a reader may pause while bal stops. */
const FLUSH_MS = 5000;
const MAX_FLUSH_MS = 30_000;
const FLUSH_LOOK_MS = 250;
/** How soon a full pipe is tried again, and how late at most. */
const RETRY_MS = 1;
const MAX_RETRY_MS = 100;
const NEWLINE = 0x0a;
const TOO_SLOW = "it accepts them too slowly";

/** For appending. The caller closes it. Throws BalError `log-not-writable`. */
export function openLog(file: string): number {
  try {
    return openOutput(file);
  } catch (cause) {
    const code = codeOf(cause);
    const message = `cannot write the log ${file}: ${code ?? String(cause)}`;
    const hint = hintFor(code);
    throw new BalError("log-not-writable", message, { cause, ...(hint !== null && { hint }) });
  }
}

type Batch = {
  /** It is written whole to where it was begun. */
  readonly fd: number;
  readonly bytes: Buffer;
  /** Where its first line begins: after the newline that ends a torn one. */
  readonly start: number;
  written: number;
  waitMs: number;
};

export class LineWriter {
  /** Where it writes now. */
  fd: number;
  private readonly target: Target;
  private readonly options: WriterOptions;
  private queue: string[] = [];
  private queuedBytes = 0;
  private queuedLines = 0;
  private batch: Batch | null = null;
  private moved = 0;
  /** The last write stopped within a line: what comes next begins a new one. */
  private isTorn = false;
  private isFailing = false;
  private isClosed = false;
  /** To be closed once no write is under way. */
  private readonly retired: number[] = [];
  private waiters: (() => void)[] = [];

  /** Throws BalError `log-not-writable`. */
  constructor(target: Target, options: WriterOptions) {
    this.target = target;
    this.options = options;
    this.fd = typeof target === "string" ? openLog(target) : openStandard(target);
  }

  /** Lines are lost at present: the last write failed, or no more can wait. */
  get isStuck(): boolean {
    return this.isFailing || this.queuedBytes > this.options.maxQueuedBytes;
  }

  /** One line or several, without the newline at their end. */
  write(text: string, lines = 1): void {
    const { maxQueuedBytes, onDrop } = this.options;
    if (this.queuedBytes > maxQueuedBytes) return onDrop(lines, TOO_SLOW);
    this.queue.push(text);
    this.queuedBytes += text.length;
    this.queuedLines += lines;
    if (this.batch === null) this.next();
  }

  /** Opens the file again; keeps the old one when that fails. Throws BalError `log-not-writable`. */
  reopen(): void {
    if (typeof this.target !== "string") return;
    const before = this.fd;
    this.fd = openLog(this.target);
    this.isTorn = false;
    if (this.batch === null) closeSync(before);
    else this.retired.push(before);
  }

  /** Resolves when all is written, or no more of it can be: what is left is dropped then. */
  async flush(): Promise<void> {
    const beganMs = performance.now();
    for (let before = this.moved, movedMs = beganMs; this.batch !== null; ) {
      const idle = new Promise<void>((resolve) => this.waiters.push(resolve));
      await Promise.race([idle, Bun.sleep(FLUSH_LOOK_MS)]);
      const nowMs = performance.now();
      if (this.moved !== before) movedMs = nowMs;
      before = this.moved;
      if (nowMs - movedMs >= FLUSH_MS || nowMs - beganMs >= MAX_FLUSH_MS) return this.giveUp();
    }
  }

  /** Takes no more lines; those that it has are written. */
  close(): void {
    this.isClosed = true;
    if (this.batch === null) this.next();
  }

  private next(): void {
    this.batch = null;
    for (const fd of this.retired.splice(0)) closeSync(fd);
    if (this.queue.length === 0) {
      if (this.isClosed && this.fd !== this.target) closeSync(this.fd);
      for (const resolve of this.waiters.splice(0)) resolve();
      return;
    }
    const start = this.isTorn ? 1 : 0;
    const bytes = Buffer.from(`${this.isTorn ? "\n" : ""}${this.queue.join("\n")}\n`);
    this.clear();
    this.put({ fd: this.fd, bytes, start, written: 0, waitMs: RETRY_MS });
  }

  private put(batch: Batch): void {
    this.batch = batch;
    const { fd, bytes, written } = batch;
    write(fd, bytes, written, bytes.length - written, null, (error, count) => {
      // Given up.
      if (this.batch !== batch) return;
      if (error === null) return this.took(batch, count);
      if (codeOf(error) !== "EAGAIN") return this.lost(batch, codeOf(error) ?? String(error));
      setTimeout(() => this.batch === batch && this.put(batch), batch.waitMs);
      batch.waitMs = Math.min(2 * batch.waitMs, MAX_RETRY_MS);
    });
  }

  private took(batch: Batch, count: number): void {
    batch.written += count;
    batch.waitMs = RETRY_MS;
    this.moved += count;
    if (batch.written < batch.bytes.length) return this.put(batch);
    this.isFailing = false;
    if (batch.fd === this.fd) this.isTorn = false;
    this.next();
  }

  // ENOSPC, EIO, EPIPE: these lines are lost, the next ones have their chance.
  private lost(batch: Batch, reason: string): void {
    const { fd, bytes, written } = batch;
    this.isFailing = true;
    if (fd === this.fd && written > 0) this.isTorn = bytes[written - 1] !== NEWLINE;
    this.options.onDrop(linesLeft(batch), reason);
    this.next();
  }

  private giveUp(): void {
    const { batch, queuedLines } = this;
    const rest = batch === null ? 0 : linesLeft(batch);
    this.batch = null;
    this.clear();
    this.isFailing = true;
    if (rest + queuedLines > 0) this.options.onDrop(rest + queuedLines, TOO_SLOW);
  }

  private clear(): void {
    this.queue = [];
    this.queuedBytes = 0;
    this.queuedLines = 0;
  }
}

/** Those that are not written whole. */
function linesLeft({ bytes, start, written }: Batch): number {
  let lines = 0;
  for (const byte of bytes.subarray(Math.max(start, written))) if (byte === NEWLINE) lines++;
  return lines;
}

function hintFor(code: string | null): string | null {
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return "create its folder: bal creates the file, but not the folder";
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "give bal's user write permission";
    case "ENXIO":
      return "it is a pipe without a reader";
    case "EISDIR":
      return "it is a folder: name a file in it";
    default:
      return null;
  }
}

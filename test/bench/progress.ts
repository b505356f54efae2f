// One line on stderr of what is under way: replaced on a terminal, a plain line each elsewhere.

export class Progress {
  private readonly startedAtMs = performance.now();
  private readonly total: number;
  private done = 0;

  constructor(total: number) {
    this.total = total;
  }

  /** Before each measurement. */
  begin(what: string): void {
    this.done++;
    const seconds = Math.round((performance.now() - this.startedAtMs) / 1000);
    const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    this.write(`[${this.done}/${this.total}] ${clock} ${what}`);
  }

  /** Stays, on a line of its own. */
  say(text: string): void {
    this.clear();
    process.stderr.write(`${text}\n`);
  }

  /** Before anything else is printed. */
  clear(): void {
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  }

  private write(line: string): void {
    process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
  }
}

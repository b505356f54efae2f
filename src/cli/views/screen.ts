// The whole terminal, borrowed: the alternate screen without a cursor, redrawn in place, and given back
// on every way out, a crash included.

import { printableStyled } from "../../base/printable.ts";
import { isTerminal } from "../../os/terminal.ts";
import { put } from "../output.ts";
import { clip } from "./table.ts";

const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J";
const LEAVE = "\u001b[?7h\u001b[?25h\u001b[?1049l";
/** Terminals that know it show all of a frame or nothing (mode 2026); others ignore it. */
const BEGIN_FRAME = "\u001b[?2026h\u001b[H";
const END_FRAME = "\u001b[?2026l";
/** Before the line: behind one that is as wide as the terminal it would erase its last place. */
const CLEAR_LINE = "\u001b[K";
const CLEAR_BELOW = "\r\n\u001b[J";

export function isScreen(): boolean {
  return isTerminal(1) && process.env.TERM !== "dumb";
}

export class Screen implements Disposable {
  private lines: readonly string[] = [];
  private isOpen = false;
  /** Nothing can be written to it any more: who shows something there may end. */
  isGone = false;
  private readonly isTyped: boolean;
  private readonly onStop = () => this.stop();
  private readonly onContinue = () => this.enter();
  private readonly onGone = () => this.leave();

  /** With `onInput` it takes what is typed, Ctrl-C included, as it is read. */
  constructor(onInput: ((text: string) => void) | null = null) {
    this.isTyped = onInput !== null;
    if (onInput !== null) {
      process.stdin.setEncoding("utf8");
      process.stdin.on("data", onInput);
    }
    // Before the handler that reports the fault and ends the process.
    process.prependListener("uncaughtException", this.onGone);
    process.prependListener("unhandledRejection", this.onGone);
    process.on("exit", this.onGone);
    process.on("SIGTSTP", this.onStop);
    process.on("SIGCONT", this.onContinue);
    this.enter();
  }

  get columns(): number {
    return process.stdout.columns || 80;
  }

  get rows(): number {
    return process.stdout.rows || 24;
  }

  /** All that is seen: what does not fit is cut. */
  draw(lines: readonly string[]): void {
    this.lines = lines;
    if (!this.isOpen) return;
    const { columns, rows } = this;
    const shown = lines
      .slice(0, rows)
      .map((line) => `${CLEAR_LINE}${clip(printableStyled(line), columns)}`);
    const below = shown.length < rows ? CLEAR_BELOW : "";
    this.isGone = !put(1, `${BEGIN_FRAME}${shown.join("\r\n")}${below}${END_FRAME}`);
  }

  /** Ctrl-Z: the shell has the terminal meanwhile. */
  stop(): void {
    this.leave();
    process.kill(process.pid, "SIGSTOP");
  }

  onResize(listener: () => void): void {
    process.stdout.on("resize", listener);
  }

  [Symbol.dispose](): void {
    this.leave();
    for (const event of ["uncaughtException", "unhandledRejection", "exit"]) {
      process.off(event, this.onGone);
    }
    process.off("SIGTSTP", this.onStop);
    process.off("SIGCONT", this.onContinue);
    process.stdout.removeAllListeners("resize");
    if (!this.isTyped) return;
    process.stdin.removeAllListeners("data");
    process.stdin.pause();
  }

  private enter(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    if (this.isTyped) process.stdin.setRawMode(true);
    put(1, ENTER);
    this.draw(this.lines);
  }

  private leave(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    put(1, LEAVE);
    if (this.isTyped) process.stdin.setRawMode(false);
  }
}

/** The events that end a view: Ctrl-C, SIGTERM, or the terminal that goes away. */
export class Quit implements Disposable {
  private readonly asked = Promise.withResolvers<true>();
  private readonly onSignal = () => this.asked.resolve(true);

  constructor() {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, this.onSignal);
  }

  /** As if a signal had come. */
  now(): void {
    this.asked.resolve(true);
  }

  /** Waits so long; true when it is to end. */
  async within(ms: number): Promise<boolean> {
    let timer: Timer | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, ms, false);
    });
    const answer = await Promise.race([this.asked.promise, late]);
    clearTimeout(timer);
    return answer;
  }

  [Symbol.dispose](): void {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.off(signal, this.onSignal);
  }
}

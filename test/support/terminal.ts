// A real pseudo-terminal around the binary, and the screen that a person would see in it.
import { tmpdir } from "node:os";
import { balBinary } from "./bal.ts";
import { until } from "./until.ts";

type TerminalOptions = {
  /** In the place of the binary. */
  readonly command?: readonly string[];
  readonly home?: string;
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
};

/** The terminal of Bun.spawn's option `terminal`; its types leave it out. */
type Pty = {
  write(text: string): void;
  resize(columns: number, rows: number): void;
  close(): void;
  /** The local flags of termios(3). */
  readonly localFlags: number;
};

const ICANON = 0o2;
const ECHO = 0o10;

export class Terminal implements Disposable {
  readonly child: Bun.Subprocess;
  /** All that has come, as it came. */
  raw = "";
  columns: number;
  rows: number;
  private readonly pty: Pty;

  constructor(args: readonly string[], options: TerminalOptions = {}) {
    const { home, columns = 100, rows = 30, env = {}, command = [balBinary()] } = options;
    this.columns = columns;
    this.rows = rows;
    const decoder = new TextDecoder();
    const data = (_: unknown, bytes: Uint8Array) => {
      this.raw += decoder.decode(bytes, { stream: true });
    };
    const terminal: object = { terminal: { cols: columns, rows, data } };
    const { PATH = "", HOME = "/" } = process.env;
    this.child = Bun.spawn([...command, ...args], {
      cwd: tmpdir(),
      env: { PATH, HOME, TERM: "xterm-256color", ...(home && { BAL_HOME: home }), ...env },
      ...terminal,
    });
    this.pty = (this.child as unknown as { terminal: Pty }).terminal;
  }

  /** Does it echo and wait for whole lines, as a shell expects it to? */
  get isCooked(): boolean {
    return (this.pty.localFlags & (ICANON | ECHO)) === (ICANON | ECHO);
  }

  type(text: string): void {
    this.pty.write(text);
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.pty.resize(columns, rows);
  }

  get screen(): Screen {
    return screenOf(this.raw, this.columns, this.rows);
  }

  /** Waits until all of these are on the screen at once. */
  async shows(...words: readonly string[]): Promise<Screen> {
    const isShown = () => {
      const { screen } = this;
      return words.every((word) => screen.text.includes(word)) ? screen : null;
    };
    return await until(`the screen shows ${words.join(", ")}`, isShown).catch((error) => {
      throw new Error(`${error.message}\n${this.screen.text}`);
    });
  }

  [Symbol.dispose](): void {
    this.child.kill("SIGKILL");
    this.pty.close();
  }
}

export type Screen = {
  /** Its lines, without what stands empty at their ends. */
  readonly text: string;
  readonly lines: readonly string[];
  readonly isAlternate: boolean;
  readonly hasCursor: boolean;
  /** A line was longer than the screen is wide. */
  readonly hasWrapped: boolean;
};

const TOKEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it is about.
  /\u001b\[(?<csi>[?\d;]*)(?<final>[A-Za-z])|(?<control>[\r\n\b])|(?<text>[^\u001b\r\n\b]+)|[\s\S]/gu;

/** A terminal as far as bal uses one: positions, erasing, the alternate screen, the cursor. */
function screenOf(raw: string, columns: number, rows: number): Screen {
  let [row, column, isAlternate, hasCursor, hasWrapped] = [0, 0, false, true, false];
  let saved: [number, number] = [0, 0];
  const screens = { main: blank(rows), alternate: blank(rows) };
  const lines = () => (isAlternate ? screens.alternate : screens.main);
  const feed = () => {
    if (row < rows - 1) {
      row++;
      return;
    }
    lines().shift();
    lines().push([]);
  };
  for (const { groups = {} } of raw.matchAll(TOKEN)) {
    const { csi = "", final, control, text } = groups;
    if (final === "H") [row, column] = [0, 0];
    // After a line's last place the cursor is on it still, and what erases erases it.
    if (final === "K") lines()[row]!.splice(Math.min(column, columns - 1));
    if (final === "J") {
      const from = csi === "2" ? 0 : row;
      lines()[row]!.splice(Math.min(column, columns - 1));
      for (let at = csi === "2" ? from : row + 1; at < rows; at++) lines()[at] = [];
    }
    if (csi === "?1049") {
      isAlternate = final === "h";
      if (isAlternate) saved = [row, column];
      else [row, column] = saved;
    }
    if (csi === "?25") hasCursor = final === "h";
    if (control === "\r") column = 0;
    if (control === "\b") column = Math.max(0, column - 1);
    if (control === "\n") feed();
    for (const { segment } of text === undefined ? [] : new Intl.Segmenter().segment(text)) {
      const width = Bun.stringWidth(segment);
      if (column + width > columns) {
        hasWrapped = true;
        column = 0;
        feed();
      }
      const line = lines()[row]!;
      while (line.length < column) line.push(" ");
      line.splice(column, width, segment, ...Array<string>(Math.max(0, width - 1)).fill(""));
      column += width;
    }
  }
  const seen = lines().map((line) => line.join("").trimEnd());
  return { text: seen.join("\n").trimEnd(), lines: seen, isAlternate, hasCursor, hasWrapped };
}

function blank(rows: number): string[][] {
  return Array.from({ length: rows }, () => []);
}

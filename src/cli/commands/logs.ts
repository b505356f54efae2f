// `bal logs`: the log file of the home's bal, in the home or where its config wants it, to its end or on and
// on, also when it is rotated away.

import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { defineCommand } from "citty";
import { BalError } from "../../base/errors.ts";
import { codeOf } from "../../base/os-error.ts";
import { printable } from "../../base/printable.ts";
import { loadConfig } from "../../config/load.ts";
import { type Home, locateHome, runningPid } from "../../control/host/home.ts";
import { logPath } from "../../control/logs/logs.ts";
import { prettyFromJson } from "../../control/logs/pretty-line.ts";
import { hasColor, isTerminal } from "../../os/terminal.ts";
import { clientOf } from "../client-of.ts";
import { locateConfig } from "../config-source.ts";
import { type ExitCode, usageError } from "../exit.ts";
import { notRunning } from "../not-running.ts";
import { put } from "../output.ts";

const POLL_MS = 200;
const NEWLINE = 0x0a;
const CHUNK_BYTES = 64 * 1024;

export const logs = defineCommand({
  meta: { name: "logs", description: "Print the log of a bal in the background" },
  args: {
    follow: { type: "boolean", alias: "f", description: "continue with new lines" },
    lines: {
      type: "string",
      alias: "n",
      valueHint: "N",
      description: "print only the last N lines",
    },
  },
  async run({ args }): Promise<ExitCode> {
    const last = readLast(args.lines);
    const home = locateHome();
    const pid = runningPid(home);
    const configured = pid === null ? await lastFile() : await presentFile(home);
    const file = configured ?? home.log;
    if (pid !== null && configured === null && !writesTo(pid, file)) throw logsElsewhere(pid);
    const fd = openFirst(home, file);
    const tail = new Tail(fd, last === null ? 0 : startOfLast(fd, last));
    while (tail.print() && args.follow) {
      await Bun.sleep(POLL_MS);
      if (!tail.isReplaced(file)) continue;
      // The lines that were written before the file was moved away come first.
      if (!tail.print()) break;
      tail.turnTo(file);
    }
    return 0;
  },
});

/** An open log file, printed up to where it ends now. */
class Tail {
  private fd: number;
  private position: number;
  private readonly chunk = Buffer.alloc(CHUNK_BYTES);
  /** On a terminal lines are for people; the end of a line may not be written yet. */
  private readonly isPretty = isTerminal(1);
  private partial = "";
  private decoder = new TextDecoder();

  constructor(fd: number, position: number) {
    this.fd = fd;
    this.position = position;
  }

  /** False: nobody reads any more. */
  print(): boolean {
    // It was emptied in its place.
    if (fstatSync(this.fd).size < this.position) this.position = 0;
    for (;;) {
      const bytes = readSync(this.fd, this.chunk, 0, CHUNK_BYTES, this.position);
      if (bytes === 0) return true;
      this.position += bytes;
      const written = this.chunk.subarray(0, bytes);
      if (!(this.isPretty ? this.putPretty(written) : put(1, written))) return false;
    }
  }

  private putPretty(bytes: Uint8Array): boolean {
    const lines = (this.partial + this.decoder.decode(bytes, { stream: true })).split("\n");
    this.partial = lines.pop() ?? "";
    const isColored = hasColor(1);
    const shown = lines.map((line) => prettyFromJson(line, isColored) ?? printable(line));
    return shown.length === 0 || put(1, `${shown.join("\n")}\n`);
  }

  /** Is another file there by now? While there is none, this one goes on. */
  isReplaced(file: string): boolean {
    const there = statSync(file, { throwIfNoEntry: false });
    const here = fstatSync(this.fd);
    return there !== undefined && (there.ino !== here.ino || there.dev !== here.dev);
  }

  turnTo(file: string): void {
    const next = openSync(file, "r");
    closeSync(this.fd);
    this.fd = next;
    this.position = 0;
  }
}

/** Throws BalError `usage`. Null: all of them. */
function readLast(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw usageError(`-n must be a number of lines, not '${text}'`);
}

/** Where the last so many lines of a file begin. */
function startOfLast(fd: number, lines: number): number {
  const { size } = fstatSync(fd);
  const chunk = Buffer.alloc(CHUNK_BYTES);
  // The newline at the very end ends the last line and begins none.
  let left = lines + 1;
  for (let end = size; end > 0; ) {
    const from = Math.max(0, end - CHUNK_BYTES);
    const bytes = readSync(fd, chunk, 0, end - from, from);
    for (let at = bytes - 1; at >= 0; at--) {
      const isCounted = chunk[at] === NEWLINE || from + at === size - 1;
      if (isCounted && --left === 0) return from + at + 1;
    }
    end = from;
  }
  return 0;
}

/** The log file in the config of the running bal; null: none, or it does not answer. */
async function presentFile(home: Home): Promise<string | null> {
  const answer = await clientOf(home)
    .config()
    .catch(() => null);
  if (answer?.kind !== "ok") return null;
  const { file, config } = answer.body;
  const { log } = config as { readonly log: { readonly file: string | null } };
  return log.file === null ? null : logPath(log.file, file);
}

/** The log file that a bal started now would have. */
async function lastFile(): Promise<string | null> {
  const file = locateConfig(undefined);
  const loaded = file === null ? null : await loadConfig(file);
  if (loaded?.kind !== "valid" || loaded.config.log.file === null) return null;
  return logPath(loaded.config.log.file, file);
}

/** Throws BalError `not-running` or `no-log`. */
function openFirst(home: Home, file: string): number {
  try {
    const stats = statSync(file);
    // It could be read once at most, and perhaps never to an end.
    if (!stats.isFile()) throw new BalError("no-log", `its log, ${file}, is not a regular file`);
    return openSync(file, "r");
  } catch (cause) {
    if (cause instanceof BalError) throw cause;
    const code = codeOf(cause);
    if (code === "ENOENT" || code === "ENOTDIR") throw notRunning(home);
    throw new BalError("no-log", `cannot read ${file}: ${code}`, { cause });
  }
}

// A file that was moved away keeps its name's beginning. Where it can't be told, it is believed.
function writesTo(pid: number, file: string): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    const real = join(realpathSync(dirname(file)), basename(file));
    return readdirSync(folder).some((fd) => targetOf(`${folder}/${fd}`).startsWith(real));
  } catch {
    return true;
  }
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return "";
  }
}

function logsElsewhere(pid: number): BalError {
  return new BalError("no-log", `bal with pid ${pid} runs in the foreground and logs there`, {
    hint: "its lines are on its terminal, or where its stderr goes (`journalctl` under systemd)",
  });
}

// The process that is to take this one's place, as this one sees it.

import { BalError } from "../../base/errors.ts";
import { codeOf, errnoCode, localErrorRemedy } from "../../base/os-error.ts";
import { childEnvironment } from "../../os/environment.ts";
import { closeDescriptor, openPair } from "../../os/socket.ts";
import {
  type Failed,
  type Handover,
  ofKind,
  type Serving,
  type ToOldProcess,
  type Word,
} from "./handover-protocol.ts";
import { JsonChannel } from "./json-channel.ts";

/** Set for it: the descriptor of the channel. */
export const UPGRADE_FD = "BAL_UPGRADE_FD";
const CHANNEL_FD = 3;
const STDERR_FD = 4;
const FIRST_FD = 5;

/** The most that is kept of its stderr before it serves. */
const MAX_OUTPUT = 64 * 1024;
/** How long the last words of a process that has ended may take. */
const LAST_WORDS_MS = 500;

export type Command = {
  readonly binary: string;
  readonly args: readonly string[];
  /** Beside this process's own. */
  readonly environment: Readonly<Record<string, string | undefined>>;
};

/** The things it inherits, by this process's descriptors. */
type Legacy = Omit<Handover, "kind" | "format" | "stderr">;

export class NewProcess {
  private readonly child: Bun.Subprocess<"ignore", "inherit", "pipe">;
  private readonly channel: JsonChannel;
  private output = "";
  private readonly outputEnded: Promise<void>;

  private constructor(child: NewProcess["child"], channel: JsonChannel) {
    this.child = child;
    this.channel = channel;
    this.outputEnded = this.collect();
  }

  /** Throws BalError `not-executable`. */
  static async launch(command: Command, format: number, legacy: Legacy): Promise<NewProcess> {
    const fds: number[] = [];
    const pass = (fd: number) => FIRST_FD + fds.push(fd) - 1;
    const bequest: Handover = {
      ...legacy,
      kind: "bequest",
      format,
      stderr: STDERR_FD,
      lock: legacy.lock === null ? null : pass(legacy.lock),
      sockets: legacy.sockets.map((socket) => ({ ...socket, fd: pass(socket.fd) })),
      predecessors: legacy.predecessors.map(pass),
    };
    const pair = openPair();
    if (typeof pair === "number") throw noDescriptor(pair);
    const [own, its] = pair;
    try {
      const child = spawn(command, [its, 2, ...fds]);
      const channel = await JsonChannel.open(own);
      channel.send(bequest);
      return new NewProcess(child, channel);
    } catch (error) {
      closeDescriptor(own);
      throw error;
    } finally {
      closeDescriptor(its);
    }
  }

  get pid(): number {
    return this.child.pid;
  }

  /** Waits for its next message, which has to be of this kind. Else throws BalError, with its own reason as `cause`. */
  async expect<Kind extends "serving" | "taken">(
    kind: Kind,
  ): Promise<Extract<ToOldProcess, { readonly kind: Kind }>> {
    const message = await this.channel.receive();
    const found = ofKind<Serving | Failed | { readonly kind: "taken" }>(message, kind, "failed");
    if (found?.kind === kind) return found as Extract<ToOldProcess, { readonly kind: Kind }>;
    if (found?.kind !== "failed") throw await this.ending();
    const { code, message: text, hint } = found;
    throw new BalError(code, text, hint === null ? {} : { hint });
  }

  send(message: { readonly kind: "take-over" | "farewell" }): void {
    this.channel.send(message);
  }

  /** Calls back for each word of the one that has taken over, as long as it lives. */
  async listen(onWord: (word: Word) => void): Promise<void> {
    for (;;) {
      const message = await this.channel.receive();
      if (message === null) return;
      const word = ofKind<{ readonly kind: Word }>(message, "drain", "cut", "reopen-logs");
      if (word !== null) onWord(word.kind);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Ends it, whatever it does. Returns what it has said on stderr. */
  async kill(): Promise<string> {
    this.channel.close();
    this.child.kill("SIGKILL");
    await this.child.exited;
    await Promise.race([this.outputEnded, Bun.sleep(LAST_WORDS_MS)]);
    return this.output.trimEnd();
  }

  /** It lives on, and this process may end before it. */
  release(): void {
    this.child.unref();
  }

  private async ending(): Promise<BalError> {
    const ended = await Promise.race([this.child.exited, Bun.sleep(LAST_WORDS_MS)]);
    if (ended === undefined) {
      return new BalError("not-bal", "the new binary does not answer like bal");
    }
    const { signalCode } = this.child;
    const how = signalCode === null ? `with exit code ${ended}` : `by ${signalCode}`;
    return new BalError("successor-ended", `the new binary exited ${how} before it was ready`);
  }

  private async collect(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.child.stderr) {
      if (this.output.length < MAX_OUTPUT) this.output += decoder.decode(chunk, { stream: true });
    }
  }
}

// Both processes have every listening socket for a moment.
function isScarce(code: string): boolean {
  return code === "EMFILE" || code === "ENFILE" || code === "ENOMEM";
}

function noDescriptor(error: number): BalError {
  const code = errnoCode(error);
  const message = `cannot talk to a new process: ${code}`;
  return new BalError("cannot-start", message, { hint: localErrorRemedy(code) });
}

// Descriptors are passed by number from 3 on; Bun sees to it that none overwrites another that is yet to
// be passed, and that no other of this process's stays open (4,000 passed in reverse, 1.4.5).
function spawn({ binary, args, environment }: Command, fds: readonly number[]) {
  const all = { ...childEnvironment(), ...environment, [UPGRADE_FD]: String(CHANNEL_FD) };
  const set = Object.entries(all).filter(([, value]) => value !== undefined);
  try {
    return Bun.spawn([binary, ...args], {
      env: Object.fromEntries(set),
      stdio: ["ignore", "inherit", "pipe", ...fds],
    }) as Bun.Subprocess<"ignore", "inherit", "pipe">;
  } catch (cause) {
    const code = codeOf(cause) ?? String(cause);
    throw new BalError("not-executable", `cannot run ${binary}: ${code}`, {
      ...(isScarce(code) && { hint: localErrorRemedy(code) }),
      cause,
    });
  }
}

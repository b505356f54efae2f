// Processes that the benchmark starts. Whatever ends it, none of them outlives it: all trees that
// still run are killed at exit.
import { closeSync, openSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { until } from "../../support/until.ts";
import { isRunning, processTree } from "./proc.ts";

type Options = {
  /** Takes stdout and stderr. */
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
};

const living = new Set<Child>();
const commands = new Set<Bun.Subprocess>();
process.on("exit", () => {
  for (const command of commands) command.kill("SIGKILL");
  for (const child of living) child.killTree();
});

/** Nothing of the surroundings decides how a balancer or a load behaves. */
export function environment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { PATH = "", HOME = "/", TMPDIR = "/tmp" } = process.env;
  // Debian keeps haproxy and nginx in sbin, which is not on every user's PATH.
  return { PATH: `${PATH}:/usr/local/sbin:/usr/sbin:/sbin`, HOME, TMPDIR, LC_ALL: "C", ...extra };
}

/** Where a program is on that PATH, or null. */
export function find(program: string): string | null {
  return Bun.which(program, { PATH: environment().PATH ?? "" });
}

/** A process and its descendants, in a session of their own: a Ctrl-C at the terminal is ours. */
export class Child {
  readonly pid: number;
  private readonly process: Bun.Subprocess;
  private readonly logFile: string;

  constructor(command: readonly string[], { logFile, env = {} }: Options) {
    this.logFile = logFile;
    const log = openSync(logFile, "a");
    this.process = Bun.spawn([...command], {
      env: environment(env),
      cwd: tmpdir(),
      detached: true,
      stdin: "ignore",
      stdout: log,
      stderr: log,
    });
    closeSync(log);
    this.pid = this.process.pid;
    living.add(this);
  }

  get hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** Null while it runs, and after a signal. */
  get exitCode(): number | null {
    return this.process.exitCode;
  }

  /** Read again at each call: workers come and go. */
  pids(): number[] {
    return this.hasEnded ? [] : processTree(this.pid);
  }

  signal(name: NodeJS.Signals): void {
    this.process.kill(name);
  }

  /** The last words, for an error message. */
  log(): string {
    return readFileSync(this.logFile, "utf8").slice(-2000).trim();
  }

  /** SIGKILL to all of the tree; the root first, so that it starts no others in their place. */
  killTree(): number[] {
    living.delete(this);
    const pids = this.pids();
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
    return pids;
  }

  /** Resolves when all of the tree is gone. */
  async stop(): Promise<void> {
    const pids = this.killTree();
    await this.process.exited;
    await until("the killed processes are gone", () => !pids.some(isRunning));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

export class CommandFailed extends Error {
  /** Null: it was ended by a signal. */
  readonly exitCode: number | null;

  constructor(message: string, exitCode: number | null) {
    super(message);
    this.exitCode = exitCode;
  }
}

export type Finished = { readonly stdout: string; readonly cpuMs: number };

/** Runs a command to its end. Throws CommandFailed with its words when it fails or takes too long. */
export async function runToEnd(
  command: readonly string[],
  { env = {}, timeoutMs = 60_000 }: { env?: Record<string, string>; timeoutMs?: number } = {},
): Promise<Finished> {
  const child = Bun.spawn([...command], {
    env: environment(env),
    cwd: tmpdir(),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  commands.add(child);
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  const code = await child.exited.finally(() => commands.delete(child));
  if (code !== 0) {
    const how = child.signalCode ?? `exit code ${code}`;
    const message = `${command.join(" ")}: ${how}\n${stdout}${stderr}`.trim();
    throw new CommandFailed(message, child.exitCode);
  }
  return { stdout, cpuMs: Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1000 };
}

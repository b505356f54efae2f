// The compiled binary, run as a user runs it: a home of its own, a config file, a child process.
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { ReloadReport, Status, UpgradeReport } from "../../src/api/admin-api.ts";
import { freePort } from "./ports.ts";
import { killAllOf } from "./processes.ts";
import { until, witnesses } from "./until.ts";

/** The binary under test; BAL_BINARY names another one. */
export function balBinary(): string {
  const path = resolve(process.env.BAL_BINARY ?? join(import.meta.dir, "../../dist/bal"));
  if (existsSync(path)) return path;
  throw new Error(`no binary at ${path}: run \`npm run build\` first, or set BAL_BINARY`);
}

/** A config as an object: JSON is YAML. */
export type ConfigObject = { readonly [key: string]: unknown };

type Target = { readonly port: number; readonly weight?: number; readonly host?: string };

/** The simple form on a free port of loopback, in front of these. */
export function simpleConfig(
  targets: readonly Target[],
  extra: ConfigObject = {},
): ConfigObject & { port: number } {
  const backends = targets.map(({ host = "127.0.0.1", port, weight }) =>
    weight === undefined ? { host, port } : { host, port, weight },
  );
  return { port: freePort(), bind_address: "127.0.0.1", ...extra, backends };
}

type Form = {
  readonly backends: readonly ConfigObject[];
  readonly pool?: ConfigObject;
  readonly listener?: ConfigObject;
};

/** The full form: listener `edge` on a free port of loopback, or where it says, pool `web`. Its checks are
 *  rare. */
export function fullConfig(
  { backends, pool = {}, listener = {} }: Form,
  { port = freePort(), ...extra }: ConfigObject & { readonly port?: number } = {},
): { readonly config: ConfigObject; readonly port: number } {
  const place = "unix" in listener ? {} : { bind_address: "127.0.0.1", port };
  const edge = { name: "edge", ...place, pool: "web", ...listener };
  const web = { health_check: { interval: "60s" }, ...pool, backends };
  return { port, config: { ...extra, listeners: [edge], pools: { web } } };
}

/** A backend as the config names it. */
export function at({ port, unix = null }: Place, extra: ConfigObject = {}): ConfigObject {
  return { ...(unix === null ? { host: "127.0.0.1", port } : { unix }), ...extra };
}

type Place = { readonly port: number; readonly unix?: string | null };

export type Finished = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

export type RunOptions = {
  readonly home?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly cwd?: string;
  /** Default: the binary under test. */
  readonly binary?: string;
};

/** The number of its last log lines to show when a wait was in vain. */
const ACCOUNT_LINES = 40;
/** For its status then: it may be what hangs. */
const ACCOUNT_MS = 1000;
/** A test that hangs ends without a word, and its processes with it: before that, the account is given. */
const OVERDUE_MS = 28_000;

/** Nothing of the surroundings decides what the binary prints. */
function environment({ home, env }: RunOptions): Record<string, string> {
  const { PATH = "", HOME = "/", TMPDIR = "/tmp", BAL_SPLICE_AFTER } = process.env;
  // The same suite runs with every session spliced from its first byte on.
  const splice = BAL_SPLICE_AFTER === undefined ? {} : { BAL_SPLICE_AFTER };
  return {
    PATH,
    HOME,
    TMPDIR,
    ...splice,
    ...(home === undefined ? {} : { BAL_HOME: home }),
    ...env,
  };
}

/** Runs one command to its end. */
export async function runBal(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = Bun.spawn([options.binary ?? balBinary(), ...args], {
    env: environment(options),
    cwd: options.cwd ?? tmpdir(),
    stdin: options.stdin === undefined ? "ignore" : Buffer.from(options.stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** A home that is removed with everything in it. */
export function temporaryHome(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "bal-test-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export type LogLine = {
  readonly level: string;
  readonly event: string;
  readonly message: string;
  readonly [field: string]: unknown;
};

export type BalOptions = {
  readonly config: ConfigObject | string;
  /** After `start -c FILE`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Put before the command: `["prlimit", "--nofile=256"]`. */
  readonly wrapper?: readonly string[];
  /** Descriptors that it inherits, from 3 on. */
  readonly fds?: readonly number[];
  /** Default: the binary under test. */
  readonly binary?: string;
};

/** Starts bal in the foreground and waits until it says that it is ready. */
export async function spawnBal(options: BalOptions): Promise<Bal> {
  const bal = new Bal(options);
  try {
    await bal.ready();
    return bal;
  } catch (error) {
    bal[Symbol.dispose]();
    throw error;
  }
}

/** Those that run. A script that exits in the middle disposes of nothing else. */
const living = new Set<Bal>();
process.on("exit", () => {
  for (const bal of living) bal[Symbol.dispose]();
});

export class Bal implements Disposable {
  readonly home: string;
  readonly file: string;
  /** The port of the simple form. */
  readonly port: number;
  readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  stderr = "";
  stdout = "";
  private readonly tell = () => this.account();
  private readonly overdue: Timer;

  constructor(options: BalOptions) {
    const { config, args = [], env = {}, wrapper = [], fds = [], binary = balBinary() } = options;
    this.home = mkdtempSync(join(tmpdir(), "bal-test-"));
    this.file = join(this.home, "config.yaml");
    this.write(config);
    this.port = typeof config === "object" && typeof config.port === "number" ? config.port : 0;
    this.child = Bun.spawn([...wrapper, binary, "start", "-c", this.file, ...args], {
      env: environment({ home: this.home, env }),
      cwd: tmpdir(),
      stdio: ["ignore", "pipe", "pipe", ...fds],
    });
    living.add(this);
    witnesses.add(this.tell);
    this.overdue = setTimeout(() => void this.tell().then(console.error), OVERDUE_MS);
    this.overdue.unref();
    void this.collect(this.child.stderr, (text) => {
      this.stderr += text;
    });
    void this.collect(this.child.stdout, (text) => {
      this.stdout += text;
    });
  }

  get pid(): number {
    return this.child.pid;
  }

  /** Resolves with the exit code. */
  get exited(): Promise<number> {
    return this.child.exited;
  }

  /** Replaces the config file's text, in place. */
  write(config: ConfigObject | string): void {
    writeFileSync(this.file, typeof config === "string" ? config : JSON.stringify(config, null, 2));
  }

  async ready(): Promise<void> {
    const isReady = async () => {
      if (this.child.exitCode === null) return (await this.get("/readyz"))?.ok ?? false;
      await Bun.sleep(50); // The last words of the one that ended are still in the pipe.
      throw new Error(`it ended with ${this.child.exitCode}; its stderr:\n${this.stderr}`);
    };
    await until("bal is ready", isReady);
  }

  /** GET on the admin socket; null when nobody answers. */
  async get(path: string): Promise<Response | null> {
    return await fetch(`http://bal${path}`, { unix: join(this.home, "bal.sock") }).catch(
      () => null,
    );
  }

  /** Another command on this bal's home. */
  run(...args: readonly string[]): Promise<Finished> {
    return runBal(args, { home: this.home });
  }

  async status(): Promise<Status> {
    const { code, stdout, stderr } = await this.run("status", "--json");
    if (code !== 0) throw new Error(`bal status: ${code}\n${stdout}${stderr}`);
    return JSON.parse(stdout);
  }

  /** A new config, by `bal graceful`. Throws when it is refused. */
  async reload(config: ConfigObject | string): Promise<ReloadReport> {
    this.write(config);
    const { code, stdout, stderr } = await this.run("graceful", "--json");
    if (code !== 0) throw new Error(`bal graceful: ${code}\n${stdout}${stderr}`);
    return JSON.parse(stdout);
  }

  /** Another process in its place, by `bal upgrade`. Throws when it is refused. */
  async upgrade(...args: readonly string[]): Promise<UpgradeReport> {
    const { code, stdout, stderr } = await this.run("upgrade", "--json", ...args);
    if (code !== 0) throw new Error(`bal upgrade: ${code}\n${stdout}${stderr}`);
    return JSON.parse(stdout);
  }

  /** Waits until a backend (by its port, or the path of its socket) is in one of these states. */
  async untilState(place: number | string, ...states: readonly string[]): Promise<void> {
    await until(`the backend on ${place} is ${states.join(" or ")}`, async () => {
      const { pools } = await this.status();
      const found = pools
        .flatMap((pool) => pool.backends)
        .find(({ name }) => name.endsWith(`:${place}`));
      return found !== undefined && states.includes(found.state);
    });
  }

  /** Waits until no session is left. */
  async untilIdle(): Promise<void> {
    await until("no session is left", async () => {
      const { pools, listeners } = await this.status();
      const rows = [...listeners, ...pools.flatMap((pool) => pool.backends)];
      return rows.every(({ active }) => active === 0);
    });
  }

  /** The log lines on stderr so far. */
  logs(): LogLine[] {
    return this.stderr
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as LogLine);
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** SIGTERM, and the exit code. */
  async stop(): Promise<number> {
    this.signal("SIGTERM");
    return await this.exited;
  }

  /** User and system time of the process so far, in clock ticks (1/100 s). */
  cpuTicks(): number {
    const stat = readFileSync(`/proc/${this.pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11]) + Number(fields[12]);
  }

  rssKiB(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
  }

  openFds(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  /** Sockets and pipes: what sessions hold. Not what a thread has for itself. */
  openStreams(): number {
    const fds = `/proc/${this.pid}/fd`;
    return readdirSync(fds).filter((fd) => /^(socket|pipe):/.test(linkOf(join(fds, fd)))).length;
  }

  [Symbol.dispose](): void {
    living.delete(this);
    witnesses.delete(this.tell);
    clearTimeout(this.overdue);
    this.child.kill("SIGKILL");
    // Those that have taken its place.
    killAllOf(this.home);
    rmSync(this.home, { recursive: true, force: true });
  }

  /** For the one who reads why a wait was in vain: its last words, and how it sees things now. */
  private async account(): Promise<string> {
    const signal = AbortSignal.timeout(ACCOUNT_MS);
    const asking = fetch("http://bal/v1/status", { unix: join(this.home, "bal.sock"), signal });
    const status = await asking.then((response) => response.text()).catch(String);
    const lines = this.stderr.trimEnd().split("\n").slice(-ACCOUNT_LINES);
    const state = this.child.exitCode === null ? "runs" : `ended with ${this.child.exitCode}`;
    return [`bal ${this.pid} ${state}; status: ${status}; stderr:`, ...lines].join("\n");
  }

  private async collect(stream: ReadableStream<Uint8Array>, take: (text: string) => void) {
    const decoder = new TextDecoder();
    for await (const chunk of stream) take(decoder.decode(chunk, { stream: true }));
  }
}

// It may have been closed since it was listed.
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

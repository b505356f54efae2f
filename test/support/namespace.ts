// Network namespaces: several hosts on one machine, for root. Each is a descriptor of this process and has
// no name anywhere, so that nothing of it is left however the tests end. Its packets stay inside: it has no
// link but those made here, to another one.
import { dlopen } from "bun:ffi";
import { spawnSync } from "node:child_process";
import { closeSync, openSync, writeFileSync } from "node:fs";

const CLONE_NEWNET = 0x40000000;
/** /proc/self would be the process, whose namespace is its main thread's. */
const OWN = "/proc/thread-self/ns/net";
/** Where Debian has daemons and ip(8), also for users whose PATH is without. */
const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;

const libc = () =>
  dlopen("libc.so.6", {
    unshare: { args: ["i32"], returns: "i32" },
    setns: { args: ["i32", "i32"], returns: "i32" },
  }).symbols;

/** Why there can be no namespaces with these programs in them; null: there can. */
export function whyNoNamespaces(...programs: readonly string[]): string | null {
  if (process.platform !== "linux") return "Linux only";
  if (process.getuid?.() !== 0) return "for root only";
  const missing = ["ip", "setpriv", ...programs].filter((name) => !Bun.which(name, { PATH }));
  if (missing.length > 0) return `not installed: ${missing.join(", ")}`;
  const { status } = spawnSync("unshare", ["--net", "true"]);
  return status === 0 ? null : "this kernel or container gives no network namespace";
}

export class Namespace implements Disposable {
  readonly name: string;
  private readonly fd: number;
  private readonly setns: (fd: number) => void;

  constructor(name: string) {
    const { unshare, setns } = libc();
    this.name = name;
    this.setns = (fd) => {
      if (setns(fd, CLONE_NEWNET) !== 0) throw new Error(`cannot enter the namespace ${name}`);
    };
    const home = openSync(OWN, "r");
    try {
      if (unshare(CLONE_NEWNET) !== 0) throw new Error("cannot make a network namespace");
      this.fd = openSync(OWN, "r");
    } finally {
      this.setns(home);
      closeSync(home);
    }
    this.run("ip link set lo up");
  }

  /** Calls `act` with this thread inside: sockets that it opens and processes that it starts belong there. */
  enter<T>(act: () => T): T {
    const outside = openSync(OWN, "r");
    this.setns(this.fd);
    try {
      return act();
    } finally {
      this.setns(outside);
      closeSync(outside);
    }
  }

  /** Runs one command, words apart by spaces, to its end, and returns what it printed. */
  run(command: string): string {
    const [program = "", ...args] = command.split(" ");
    const { status, stdout, stderr } = this.enter(() =>
      spawnSync(program, args, { encoding: "utf8", env: { PATH } }),
    );
    if (status === 0) return stdout;
    throw new Error(`${this.name}: ${command}: ${status}\n${stderr}`);
  }

  /** A setting of its kernel: `net.ipv4.ip_forward`. */
  set(name: string, value: number): void {
    const file = `/proc/sys/${name.replaceAll(".", "/")}`;
    this.enter(() => writeFileSync(file, String(value)));
  }

  /** A cable between two of them: `port` here, `otherPort` there. */
  link(port: string, other: Namespace, otherPort: string): void {
    const there = `/proc/${process.pid}/fd/${other.fd}`;
    this.run(`ip link add ${port} type veth peer name ${otherPort} netns ${there}`);
    this.run(`ip link set ${port} up`);
    other.run(`ip link set ${otherPort} up`);
  }

  /** Starts a program that ends at the latest with this process, even if that is killed. */
  start(command: readonly string[], options: ProgramOptions = {}): Program {
    return this.enter(() => new Program(command, options));
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }
}

/** Put before a command: it dies with the thread that started it (prctl(2), PR_SET_PDEATHSIG). */
export const MORTAL = ["setpriv", "--pdeathsig", "KILL"] as const;

/** And with it all that it has started. */
const WITH_CHILDREN = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];

export type ProgramOptions = {
  readonly env?: Readonly<Record<string, string>>;
  /** Options of setpriv(1): who it runs as. Default: root. */
  readonly as?: readonly string[];
  /** It starts processes that would outlive it. */
  readonly isForking?: boolean;
};

export class Program implements Disposable {
  /** The text it has printed, on stdout and stderr. */
  output = "";
  private readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">;

  constructor(command: readonly string[], { env = {}, as = [], isForking }: ProgramOptions) {
    const wrapper = [...MORTAL, ...as, ...(isForking === true ? WITH_CHILDREN : [])];
    this.child = Bun.spawn([...wrapper, ...command], {
      env: { PATH, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    void this.collect(this.child.stdout);
    void this.collect(this.child.stderr);
  }

  /** SIGTERM, for what it does at its end; resolves when it has ended. */
  async stop(): Promise<void> {
    this.child.kill("SIGTERM");
    await this.child.exited;
  }

  [Symbol.dispose](): void {
    this.child.kill("SIGKILL");
  }

  private async collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) this.output += decoder.decode(chunk, { stream: true });
  }
}

// The echo backend as the benchmark holds it: started, frozen, killed.
import { join } from "node:path";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { connect } from "../../support/wire.ts";
import { Child } from "../process/child.ts";
import type { Probe } from "../run.ts";

/** As many as the kernel's default for net.core.somaxconn. */
const BACKLOG = 4096;

export class EchoBackend implements AsyncDisposable {
  readonly port = freePort();
  private readonly child: Child;

  private readonly backlog: number;

  private constructor(folder: string, backlog: number) {
    this.backlog = backlog;
    const script = join(import.meta.dir, "echo.ts");
    const command = [process.execPath, script, `${this.port}`, `${backlog}`];
    this.child = new Child(command, { logFile: join(folder, `echo-${this.port}.log`) });
  }

  static async start(folder: string, backlog = BACKLOG): Promise<EchoBackend> {
    const backend = new EchoBackend(folder, backlog);
    await until("the echo backend answers", () => {
      if (backend.child.hasEnded) throw new Error(`the echo backend: ${backend.child.log()}`);
      return echoProbe(backend.port).then(
        () => true,
        () => false,
      );
    });
    return backend;
  }

  kill(): void {
    this.child.signal("SIGKILL");
  }

  /** Stops the process and fills its accept queue: from now on a dial hangs. */
  async freeze(folder: string): Promise<AsyncDisposable> {
    this.child.signal("SIGSTOP");
    const script = join(import.meta.dir, "fill-queue.ts");
    const command = [process.execPath, script, `${this.port}`, `${2 * this.backlog + 8}`];
    const filler = new Child(command, { logFile: join(folder, "fill-queue.log") });
    await until("the accept queue is full", () => filler.hasEnded || filler.log() !== "");
    if (filler.log() !== "full") throw new Error(`the accept queue: ${filler.log()}`);
    return filler;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child.stop();
  }
}

/** Longer than any answer takes that comes at all. */
const ANSWERED_WITHIN_MS = 3000;

/** Sends this, and expects it back. */
export function echoOf(message: Uint8Array, withinMs = ANSWERED_WITHIN_MS): Probe {
  return async (port) => {
    using wire = await connect(port);
    const echo: Uint8Array[] = [];
    wire.sink = (chunk) => echo.push(chunk);
    const timer = setTimeout(() => wire.reset(), withinMs);
    void wire.send(message);
    await wire.read(message.byteLength).finally(() => clearTimeout(timer));
    if (!Buffer.concat(echo).equals(message)) throw new Error("the echo differs");
  };
}

export const echoProbe = echoOf(Buffer.from("ping"));

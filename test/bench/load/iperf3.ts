// iperf3 as backend and as load: bytes in bulk.
import { join } from "node:path";
import { freePort } from "../../support/ports.ts";
import { Child, runToEnd } from "../process/child.ts";
import type { Probe } from "../run.ts";

/** A health check that comes while a test opens its streams is taken for one of them, and ends it. */
const ATTEMPTS = 4;
const PAUSE_MS = 300;

export type BulkReport = { readonly bytes: number; readonly seconds: number };

export class IperfBackend implements AsyncDisposable {
  readonly port = freePort();
  private readonly child: Child;

  constructor(folder: string) {
    const command = ["iperf3", "-s", "-B", "127.0.0.1", "-p", `${this.port}`];
    this.child = new Child(command, { logFile: join(folder, "iperf3.log") });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child.stop();
  }
}

/** Bytes that arrived, of both directions together. `args` say which, and with how many streams. */
export async function iperf3(
  port: number,
  seconds: number,
  args: readonly string[],
): Promise<BulkReport> {
  const { end } = await report(port, ["-t", `${seconds}`, ...args], (seconds + 10) * 1000);
  const sums = [end.sum_received, end.sum_received_bidir_reverse].filter(Boolean);
  const bytes = sums.reduce((sum, one) => sum + one.bytes, 0);
  if (!(bytes > 0)) throw new Error("iperf3 moved no bytes");
  return { bytes, seconds: end.sum_received.seconds };
}

/** Again when it was disturbed: `work` measures one whole attempt. */
export async function undisturbed<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await Bun.sleep(PAUSE_MS);
    }
  }
}

/** A test of 64 KiB. */
export const iperfProbe: Probe = async (port) => {
  await report(port, ["-n", "64K"], 5000);
};

async function report(port: number, args: readonly string[], timeoutMs: number) {
  const command = ["iperf3", "-c", "127.0.0.1", "-p", `${port}`, "-J", ...args];
  const { stdout } = await runToEnd(command, { timeoutMs });
  const read = JSON.parse(stdout);
  // With -J its exit code is 0 all the same (3.12).
  if (read.error !== undefined) throw new Error(`iperf3: ${read.error}`);
  return read;
}

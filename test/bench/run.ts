// One question to one rival in one round: starts the rival in front of backends, and sees that bytes
// really go through it before anything is measured.
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../support/ports.ts";
import { cpuMsOf, type Memory, machineMs, memoryOf } from "./process/proc.ts";
import { Declined, type Method, type Rival, type Running } from "./rivals/rival.ts";

/** Long enough for any of them on a busy machine. */
const SERVING_WITHIN_MS = 10_000;

/** One request through `port`. Throws when it is not answered as the backend answers. */
export type Probe = (port: number) => Promise<void>;

export type RunOptions = {
  readonly rival: Rival;
  readonly workers: number;
  readonly method: Method;
  readonly isQuick: boolean;
  readonly seconds: number;
  readonly folder: string;
};

export type BalanceOptions = {
  readonly backendPorts: readonly number[];
  readonly probe: Probe;
  readonly workers?: number;
  /** What the rival routes by. */
  readonly serverName?: string;
  readonly isLogged?: boolean;
  /** Pause between probes until the first one succeeds. */
  readonly retryAfterMs?: number;
};

export class Run {
  readonly rival: Rival;
  readonly isQuick: boolean;
  /** How long each load is measured, where its length is free. */
  readonly seconds: number;
  /** Removed after the run. */
  readonly folder: string;
  private readonly workers: number;
  private readonly method: Method;

  constructor({ rival, workers, method, isQuick, seconds, folder }: RunOptions) {
    this.rival = rival;
    this.workers = workers;
    this.method = method;
    this.isQuick = isQuick;
    this.seconds = seconds;
    this.folder = folder;
  }

  /** Starts the rival, and waits until it serves. */
  async balance(options: BalanceOptions): Promise<Balanced> {
    const { backendPorts, workers, serverName = null, isLogged = false } = options;
    const balanced = new Balanced(
      await this.rival.start({
        folder: mkdtempSync(join(this.folder, "rival-")),
        listenPort: freePort(),
        backendPorts,
        workers: workers ?? this.workers,
        method: this.method,
        serverName,
        isLogged,
      }),
    );
    try {
      await untilServing(balanced, options, this.rival.isBalancer);
      return balanced;
    } catch (error) {
      const words = balanced.log();
      const { hasDeclined } = balanced;
      await balanced.stop();
      if (hasDeclined) throw new Declined("it has no such feature");
      throw new Error(`${this.rival.name} does not serve: ${messageOf(error)}\n${words}`.trim());
    }
  }
}

async function untilServing(
  balanced: Balanced,
  { probe, retryAfterMs = 20 }: BalanceOptions,
  isBalancer: boolean,
): Promise<void> {
  const deadline = performance.now() + SERVING_WITHIN_MS;
  for (;;) {
    try {
      return await probe(balanced.port);
    } catch (error) {
      if (isBalancer && balanced.hasEnded) throw new Error("it ended");
      if (performance.now() > deadline) throw error;
      await Bun.sleep(retryAfterMs);
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export type Measured<T> = {
  readonly result: T;
  /** CPU time of all processes of the balancer. */
  readonly cpuMs: number;
  /** CPU time of the whole machine: load, backend and the kernel's interrupts are in it. */
  readonly busyMs: number;
  readonly tookMs: number;
};

/** A rival that serves. */
export class Balanced implements AsyncDisposable {
  readonly port: number;
  private readonly running: Running;

  constructor(running: Running) {
    this.running = running;
    this.port = running.port;
  }

  /** What `work` gave, and the CPU time that went meanwhile. */
  async measure<T>(work: () => Promise<T>): Promise<Measured<T>> {
    const startedAtMs = performance.now();
    const machineBefore = machineMs();
    const before = cpuMsOf(this.running.pids());
    const result = await work();
    const cpuMs = cpuMsOf(this.running.pids()) - before;
    const busyMs = machineMs() - machineBefore;
    return { result, cpuMs, busyMs, tookMs: performance.now() - startedAtMs };
  }

  /** Whether it ended because it does not have what was asked of it. */
  get hasDeclined(): boolean {
    return this.running.hasDeclined();
  }

  get hasEnded(): boolean {
    return this.running.pids().length === 0;
  }

  memory(): Memory {
    return memoryOf(this.running.pids());
  }

  log(): string {
    return this.running.log();
  }

  reload(backendPorts: readonly number[]): Promise<number> {
    return this.running.reload(backendPorts);
  }

  stop(): Promise<void> {
    return this.running.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

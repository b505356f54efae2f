// The worker threads together: starts them, gives each the newest generation with the listening
// sockets that it accepts from, and replaces one that ends or hangs.
import { BalError } from "../../base/errors.ts";
import type { Board } from "../../shared/board.ts";
import type { Generation, GenerationListener } from "../../shared/generation.ts";
import type { FromWorker, ToWorker } from "../../shared/worker-messages.ts";
import { HEARTBEAT_CHECK_MS, Heartbeat } from "./heartbeat.ts";
import { restartDelayMs, SETTLED_MS } from "./restart-delay.ts";
import { WorkerThread } from "./worker-thread.ts";

/** A generation without the descriptors, which differ from worker to worker. */
export type GenerationPlan = Omit<Generation, "revision" | "sockets">;

export type WorkerPoolEvents = {
  readonly onMessage: (worker: number, message: FromWorker) => void;
  /** A thread is about to be ended with the sessions that it has. */
  readonly onAbandon: (worker: number) => void;
  /** A thread's heart stands still; it is ended as soon as it can be. */
  readonly onHung: (worker: number) => void;
  /** A thread has ended that should not have; its replacement starts in `restartMs`. */
  readonly onLost: (worker: number, reason: string, restartMs: number) => void;
  /** The thread that took its place serves all. */
  readonly onReplaced: (worker: number) => void;
  /** A generation was taken; what went wrong, by worker. */
  readonly onApplied: (errors: readonly string[]) => void;
};

export type WorkerPoolOptions = {
  readonly board: Board;
  readonly count: number;
  /** The descriptors that these workers' threads accept from at a listener's address. */
  readonly assignSockets: (
    listener: GenerationListener,
    workers: readonly number[],
  ) => readonly number[];
  readonly events: WorkerPoolEvents;
};

/** How long the first threads may take to boot. */
const BOOT_MS = 30_000;

type Place = { restarts: number; startedAtMs: number; pulse: Heartbeat };

export class WorkerPool {
  private readonly options: WorkerPoolOptions;
  private readonly handles: (WorkerThread | null)[] = [];
  private readonly places: Place[] = [];
  private readonly booting = new Map<number, () => void>();
  private readonly timers = new Set<Timer>();
  private readonly firstFailed = Promise.withResolvers<never>();
  /** Replacements that do not serve all of the newest generation yet. */
  private readonly returning = new Set<number>();
  private hasStarted = false;
  private revision = 0;
  private plan: GenerationPlan | null = null;
  private isStopping = false;

  constructor(options: WorkerPoolOptions) {
    this.options = options;
  }

  /** Starts the threads. Resolves when all have booted. Throws BalError `no-worker` when one can't. */
  async start(): Promise<void> {
    const booted = Array.from({ length: this.options.count }, (_, index) => {
      this.places.push({ restarts: 0, startedAtMs: 0, pulse: new Heartbeat() });
      return this.launch(index);
    });
    const late = setTimeout(() => this.firstFailed.reject(noWorker("it does not start")), BOOT_MS);
    this.timers.add(late);
    await Promise.race([Promise.all(booted), this.firstFailed.promise]);
    clearTimeout(late);
    this.hasStarted = true;
    this.timers.add(setInterval(() => this.checkHeartbeats(), HEARTBEAT_CHECK_MS));
  }

  /** Resolves when every living thread serves it. Returns what went wrong, by worker. */
  async apply(plan: GenerationPlan): Promise<readonly string[]> {
    this.plan = plan;
    const revision = ++this.revision;
    const [adopter] = this.living();
    const orphaned = this.handles.flatMap((handle, i) => (handle?.isAlive ? [] : [i]));
    const errors = await Promise.all(
      this.handles.map((handle, index) => {
        if (handle === null || !handle.isAlive) return null;
        const workers = index === adopter ? [index, ...orphaned] : [index];
        return handle.apply({ ...plan, revision, sockets: this.socketsOf(plan, workers) });
      }),
    );
    const failed = errors.flatMap((error, i) => (error === null ? [] : [`worker ${i}: ${error}`]));
    if (revision === this.revision) {
      this.announceReturned(errors);
      this.options.events.onApplied(failed);
    }
    return failed;
  }

  /** Is there a thread that serves? One that hangs is none. */
  get isServing(): boolean {
    return this.handles.some((handle) => handle?.isAlive === true);
  }

  /** Returns how many threads that is. */
  broadcast(message: ToWorker): number {
    for (const handle of this.handles) handle?.send(message);
    return this.living().length;
  }

  /** No thread is replaced from now on. */
  stop(): void {
    this.isStopping = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  /** Ends these threads, whose sessions have all ended; after `stop`. */
  endIdle(workers: readonly number[]): void {
    for (const worker of workers) this.handles[worker]?.terminate("idle");
  }

  terminate(): void {
    this.stop();
    for (const handle of this.handles) handle?.terminate("stopped");
  }

  /** The threads that serve. */
  living(): readonly number[] {
    return this.handles.flatMap((handle, index) => (handle?.isAlive ? [index] : []));
  }

  private socketsOf(plan: GenerationPlan, workers: readonly number[]): Generation["sockets"] {
    return plan.listeners.map((listener) => this.options.assignSockets(listener, workers));
  }

  private launch(index: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const place = this.places[index];
    if (place !== undefined) {
      place.startedAtMs = performance.now();
      place.pulse = new Heartbeat();
    }
    this.booting.set(index, resolve);
    this.handles[index] = new WorkerThread(index, this.options.board, {
      onMessage: (worker, message) => this.receive(worker, message),
      onAbandon: this.options.events.onAbandon,
      onEnd: (worker, reason) => this.lost(worker, reason),
    });
    return promise;
  }

  private receive(worker: number, message: FromWorker): void {
    if (message.kind === "ready") {
      this.booting.get(worker)?.();
      this.booting.delete(worker);
    }
    this.options.events.onMessage(worker, message);
  }

  private lost(index: number, reason: string): void {
    this.handles[index] = null;
    this.options.board.forgetWorker(index);
    const place = this.places[index];
    if (!this.hasStarted) {
      return this.firstFailed.reject(noWorker(reason));
    }
    if (this.isStopping || place === undefined) return;
    if (performance.now() - place.startedAtMs > SETTLED_MS) place.restarts = 0;
    const restartMs = restartDelayMs(place.restarts++);
    this.options.events.onLost(index, reason, restartMs);
    this.reassignSockets();
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      void this.replace(index);
    }, restartMs);
    this.timers.add(timer);
  }

  // Another thread accepts from the sockets of one that serves no more, until it is replaced.
  private reassignSockets(): void {
    if (this.plan !== null) void this.apply(this.plan);
  }

  private async replace(index: number): Promise<void> {
    await this.launch(index);
    if (this.plan === null || this.isStopping) return;
    this.returning.add(index);
    await this.apply(this.plan);
  }

  // One that can't accept on all its sockets serves no better than the one that was lost.
  private announceReturned(errors: readonly (string | null)[]): void {
    for (const index of this.returning) {
      if (this.handles[index]?.isAlive !== true || errors[index] !== null) continue;
      this.returning.delete(index);
      this.options.events.onReplaced(index);
    }
  }

  private checkHeartbeats(): void {
    for (const [index, handle] of this.handles.entries()) {
      const place = this.places[index];
      // One that never gets to serve hangs as well.
      if (place === undefined || handle === null || handle.isEnding) continue;
      if (!place.pulse.hasStopped(this.options.board.heartbeat(index))) continue;
      handle.terminate("it hung");
      this.options.events.onHung(index);
      this.reassignSockets();
    }
  }
}

function noWorker(reason: string): BalError {
  return new BalError("no-worker", `a worker thread cannot start: ${reason}`);
}

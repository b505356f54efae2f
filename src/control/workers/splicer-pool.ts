// The splicer threads, one for each worker from its first bulk session on. The descriptors of their sessions
// are no thread's: when a splicer ends they are closed here, by what the board says that it has.
import { closeDescriptor } from "../../os/socket.ts";
import { abort } from "../../os/stream.ts";
import { openWaker, wake } from "../../os/waker.ts";
import type { Board } from "../../shared/board.ts";
import { splicerRow } from "../../shared/board-layout.ts";
import type { AccessPlan } from "../../shared/generation.ts";
import type {
  AccessFlushed,
  AccessLines,
  FromSplicer,
  SessionsAnswer,
  SplicedSession,
  ToSplicer,
} from "../../shared/worker-messages.ts";
import { HEARTBEAT_CHECK_MS, Heartbeat } from "./heartbeat.ts";
import { restartDelayMs, SETTLED_MS } from "./restart-delay.ts";
import { entryUrl } from "./thread-entry.ts";

export type SplicerPoolOptions = {
  readonly board: Board;
  /** One has ended that should not have; its sessions were reset. What made it end may make the next one end:
   *  `isPaused` for so long, then another one is started for the worker's next bulk session. */
  readonly onLost: (worker: number, reason: string, pauseMs: number) => void;
  readonly onResumed: (worker: number) => void;
  readonly onAnswer: (answer: SessionsAnswer | AccessFlushed) => void;
  readonly onAccess: (lines: AccessLines) => void;
  /** The sessions of this row are about to be reset. */
  readonly onAbandon: (row: number) => void;
  readonly onFault: (worker: number, message: string) => void;
};

export class SplicerPool {
  private readonly options: SplicerPoolOptions;
  private readonly splicers = new Map<number, Splicer>();
  private readonly timer: Timer;
  private readonly pauses = new Set<Timer>();
  private access: AccessPlan = null;
  /** The losses of each worker's splicer: how often in a row, and when the last one began. */
  private readonly losses = new Map<number, Losses>();
  private isStopping = false;

  constructor(options: SplicerPoolOptions) {
    this.options = options;
    this.timer = setInterval(() => this.checkPulses(), HEARTBEAT_CHECK_MS);
  }

  /** Sessions are better copied for now. */
  get isPaused(): boolean {
    return this.pauses.size > 0;
  }

  /** Hands it to the worker's splicer. */
  take(worker: number, session: SplicedSession): void {
    const { board } = this.options;
    const row = splicerRow(worker);
    for (const fd of descriptorsOf(session)) board.descriptors.take(row, fd);
    board.descriptors.take(row, session.client, session.listener);
    const splicer = this.splicers.get(worker) ?? this.launch(worker);
    if (splicer === null) this.abandon(row);
    else splicer.take(session);
  }

  /** How the ends of its sessions are logged from now on. */
  planAccess(plan: AccessPlan): void {
    if (Bun.deepEquals(plan, this.access)) return;
    this.access = plan;
    this.broadcast({ kind: "access-plan", plan });
  }

  /** Returns how many threads that is. */
  broadcast(message: ToSplicer): number {
    for (const splicer of this.splicers.values()) splicer.send(message);
    return this.splicers.size;
  }

  /** The splicers without sessions: how many each has had, by worker. */
  idle(): ReadonlyMap<number, number> {
    const { board } = this.options;
    const all = [...this.splicers].filter(([one]) => board.threadSessions(splicerRow(one)) === 0);
    return new Map(all.map(([worker, { taken }]) => [worker, taken]));
  }

  /** Ends those of them that have had none since. The next bulk session gets another one. */
  endIdle(before: ReadonlyMap<number, number>): void {
    for (const [worker, taken] of this.idle()) {
      if (before.get(worker) !== taken) continue;
      this.splicers.get(worker)?.leave();
      this.splicers.delete(worker);
    }
  }

  terminate(): void {
    this.isStopping = true;
    clearInterval(this.timer);
    for (const pause of this.pauses) clearTimeout(pause);
    for (const splicer of this.splicers.values()) splicer.leave();
  }

  private launch(worker: number): Splicer | null {
    const losses = this.losses.get(worker) ?? { count: 0, startedAtMs: 0 };
    losses.startedAtMs = performance.now();
    this.losses.set(worker, losses);
    try {
      const splicer = new Splicer(worker, this.options, (reason) => this.lost(worker, reason));
      this.splicers.set(worker, splicer);
      splicer.send({ kind: "access-plan", plan: this.access });
      return splicer;
    } catch (error) {
      this.lost(worker, String(error));
      return null;
    }
  }

  private lost(worker: number, reason: string): void {
    if (this.isStopping) return;
    this.splicers.delete(worker);
    this.abandon(splicerRow(worker));
    const losses = this.losses.get(worker);
    if (losses === undefined) return;
    if (performance.now() - losses.startedAtMs > SETTLED_MS) losses.count = 0;
    const pauseMs = restartDelayMs(losses.count++);
    const timer = setTimeout(() => {
      this.pauses.delete(timer);
      this.options.onResumed(worker);
    }, pauseMs);
    this.pauses.add(timer);
    this.options.onLost(worker, reason, pauseMs);
  }

  /** Resets and counts the sessions of a splicer that has ended. */
  private abandon(row: number): void {
    const { board, onAbandon } = this.options;
    onAbandon(row);
    for (const fd of board.descriptors.of(row)) {
      board.descriptors.leave(row, fd);
      abort(fd);
    }
    board.forgetWorker(row);
  }

  private checkPulses(): void {
    for (const splicer of this.splicers.values()) {
      if (splicer.hasStopped()) splicer.terminate("it hung");
    }
  }
}

type Losses = { count: number; startedAtMs: number };

class Splicer {
  private readonly row: number;
  private readonly board: Board;
  private readonly thread: Worker;
  private readonly waker = openWaker();
  private readonly pulse = new Heartbeat();
  /** How many sessions it has had. */
  taken = 0;
  private isLeft = false;
  private lastError = "it ended";

  constructor(worker: number, options: SplicerPoolOptions, onEnd: (reason: string) => void) {
    this.row = splicerRow(worker);
    this.board = options.board;
    this.thread = new Worker(entryUrl("splicer"));
    this.thread.addEventListener("message", (event) => {
      const message = event.data as FromSplicer;
      if (message.kind === "fault") options.onFault(worker, message.message);
      else if (message.kind === "access") options.onAccess(message);
      else if (message.kind !== "ready") options.onAnswer(message);
    });
    this.thread.addEventListener("error", (event) => {
      event.preventDefault();
      this.lastError = event.message;
    });
    this.thread.addEventListener("close", () => {
      closeDescriptor(this.waker);
      if (!this.isLeft) onEnd(this.lastError);
    });
    this.send({ kind: "boot", row: this.row, board: this.board.memory, waker: this.waker });
  }

  take(session: SplicedSession): void {
    this.taken++;
    this.send({ kind: "splice", session });
  }

  send(message: ToSplicer): void {
    this.thread.postMessage(message);
    wake(this.waker);
  }

  hasStopped(): boolean {
    return this.pulse.hasStopped(this.board.heartbeat(this.row));
  }

  /** Ends the thread, and it is not missed. */
  leave(): void {
    this.isLeft = true;
    this.terminate("stopped");
  }

  terminate(reason: string): void {
    this.lastError = reason;
    this.thread.terminate();
    wake(this.waker);
  }
}

function descriptorsOf({ client, backend, up, down }: SplicedSession): readonly number[] {
  return [client, backend, up.read, up.write, down.read, down.write];
}

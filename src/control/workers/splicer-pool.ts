// The splicer threads, one for each worker from its first bulk session on. Keeps the descriptors of
// every session that a splicer has: they are no thread's, and a splicer that ends must not leave
// them open.
import { closeDescriptor } from "../../os/socket.ts";
import { closePipe } from "../../os/splice.ts";
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
import { entryUrl } from "./thread-entry.ts";

export type SplicerPoolOptions = {
  readonly board: Board;
  /** One has ended that should not have; its sessions were reset. None is started any more. */
  readonly onLost: (worker: number, reason: string) => void;
  readonly onAnswer: (answer: SessionsAnswer | AccessFlushed) => void;
  readonly onAccess: (lines: AccessLines) => void;
  readonly onFault: (worker: number, message: string) => void;
};

export class SplicerPool {
  private readonly options: SplicerPoolOptions;
  private readonly splicers = new Map<number, Splicer>();
  private readonly timer: Timer;
  private access: AccessPlan = null;
  private hasFailed = false;
  private isStopping = false;

  constructor(options: SplicerPoolOptions) {
    this.options = options;
    this.timer = setInterval(() => this.checkPulses(), HEARTBEAT_CHECK_MS);
  }

  /** Hands it to the worker's splicer. */
  take(worker: number, session: SplicedSession): void {
    const splicer = this.splicers.get(worker) ?? this.launch(worker);
    if (splicer !== null) return splicer.take(session);
    abandon(session);
    this.options.board.forgetWorker(splicerRow(worker));
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

  terminate(): void {
    this.isStopping = true;
    clearInterval(this.timer);
    for (const splicer of this.splicers.values()) splicer.leave();
  }

  private launch(worker: number): Splicer | null {
    if (this.hasFailed) return null;
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
    this.options.board.forgetWorker(splicerRow(worker));
    this.hasFailed = true;
    this.options.onLost(worker, reason);
  }

  private checkPulses(): void {
    for (const splicer of this.splicers.values()) {
      if (splicer.hasStopped()) splicer.terminate("it hung");
    }
  }
}

class Splicer {
  private readonly row: number;
  private readonly board: Board;
  private readonly thread: Worker;
  private readonly waker = openWaker();
  private readonly sessions = new Map<number, SplicedSession>();
  private readonly pulse = new Heartbeat();
  private lastId = 0;
  private isLeft = false;
  private lastError = "it ended";

  constructor(worker: number, options: SplicerPoolOptions, onEnd: (reason: string) => void) {
    this.row = splicerRow(worker);
    this.board = options.board;
    this.thread = new Worker(entryUrl("splicer"));
    this.thread.addEventListener("message", (event) => {
      const message = event.data as FromSplicer;
      if (message.kind === "released") this.sessions.delete(message.id);
      else if (message.kind === "fault") options.onFault(worker, message.message);
      else if (message.kind === "access") options.onAccess(message);
      else if (message.kind !== "ready") options.onAnswer(message);
    });
    this.thread.addEventListener("error", (event) => {
      event.preventDefault();
      this.lastError = event.message;
    });
    this.thread.addEventListener("close", () => {
      if (this.isLeft) return;
      for (const session of this.sessions.values()) abandon(session);
      this.sessions.clear();
      closeDescriptor(this.waker);
      onEnd(this.lastError);
    });
    this.send({ kind: "boot", row: this.row, board: this.board.memory, waker: this.waker });
  }

  send(message: ToSplicer): void {
    this.thread.postMessage(message);
    wake(this.waker);
  }

  take(session: SplicedSession): void {
    const id = ++this.lastId;
    this.sessions.set(id, session);
    this.send({ kind: "splice", id, session });
  }

  hasStopped(): boolean {
    return this.pulse.hasStopped(this.board.heartbeat(this.row));
  }

  /** Ends the thread with the process: what it has open ends there too, and what it has just closed,
   *  and not told yet, may be another's by now. */
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

function abandon({ client, backend, up, down }: SplicedSession): void {
  abort(client);
  abort(backend);
  closePipe(up);
  closePipe(down);
}

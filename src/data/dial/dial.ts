// The dial of one session: pick a backend, connect, on failure the next one, within a budget of
// attempts and time. It ends when a connect completes or the budget is used up. While every backend
// of the pool is full it may wait in the pool's queue, and while none is up in its waiting room.
//
// A backend that has failed is not picked again in the same round. When one is expected back (it restarts),
// a further round begins after a pause.
import { errnoCode, isRefusal } from "../../base/os-error.ts";
import type { End } from "../../shared/end-reason.ts";
import { makeBackendHandlers } from "../relay/backend-handlers.ts";
import type { Step } from "../relay/relay-types.ts";
import { lookAgain } from "../relay/second-look.ts";
import type { Session, SessionSocket } from "../relay/session.ts";
import { Attempt } from "./attempt.ts";
import { countConnected, countError, countFailure, observer } from "./outcome.ts";
import { FULL, type Pool, type PoolChoice } from "./pool.ts";
import type { ClientQueue, Waiter } from "./queue.ts";
import { Rounds } from "./rounds.ts";
import type { WaitingRoom } from "./waiting-room.ts";

export class Dial implements Step, Waiter {
  deadlineMs = 0;
  readonly session: Session;
  private readonly origin: PoolChoice;
  /** The pool of the newest generation. */
  private pool: Pool;
  /** At the backend that it has a place on. */
  private readonly attempt: Attempt;
  private begunAtMs = 0;
  private totalDeadlineMs = 0;
  private readonly rounds = new Rounds();
  /** Further looks at backends that were full. */
  private looks = 0;
  /** Empty: no attempt has failed. */
  private lastError = "";
  private isFull = false;
  /** Where it waits: for a place on its pool, or for a backend that is up. */
  private line: ClientQueue | WaitingRoom | null = null;
  private joinedAtMs = 0;
  /** Since when it has waited for a backend to come up, however often; 0: it has not. */
  private waitingSinceMs = 0;
  /** When it has waited too long, however often it joins; 0: it has not waited yet. */
  private queueDeadlineMs = 0;

  constructor(
    session: Session,
    { origin, pool, nowMs }: { origin: PoolChoice; pool: Pool; nowMs: number },
  ) {
    this.session = session;
    this.attempt = new Attempt(session);
    this.origin = origin;
    this.pool = pool;
    this.begin(nowMs);
    session.enter(this, "dialing");
  }

  /** Connects, waits in the queue, pauses, or ends the session. */
  go(): void {
    const nowMs = performance.now();
    const lost = this.findPool();
    if (lost !== null) return this.session.end(lost);
    const end = this.next(nowMs);
    if (end === null) return;
    if (end === "queueFull" && (this.joinQueue(nowMs) || this.isLookedAtAgain())) return;
    if (!this.awaitBackend(nowMs) && !this.pause(nowMs)) this.session.end(end);
  }

  /** Early bytes are the pipe's. */
  received(): void {}

  leave(): void {
    this.leaveLine();
  }

  connected(socket: SessionSocket): void {
    const error = this.attempt.greet(socket);
    if (error !== null) return this.attemptFailed(error);
    this.session.relay(socket, this.succeeded());
  }

  /** The attempt under way failed or took too long. */
  attemptFailed(code: string): void {
    const { session } = this;
    const { backend } = session;
    session.backend = null;
    backend?.terminate();
    this.failed(code);
    this.go();
  }

  deadlinePassed(): void {
    if (this.line !== null) this.session.end(this.line.lateEnd);
    else if (this.session.slot >= 0) this.attemptFailed("ETIMEDOUT");
    // The pause is over.
    else this.go();
  }

  get isHeldUp(): boolean {
    return this.rounds.tried.length > 0;
  }

  tryTurn(): boolean {
    const nowMs = performance.now();
    this.begin(nowMs);
    const { pool } = this;
    const lost = this.findPool();
    if (this.pool !== pool) {
      // It belongs to another queue now, and holds up this one.
      this.resume();
      return true;
    }
    const end = lost ?? this.next(nowMs, true);
    if (end === "queueFull") return false;
    this.leaveLine();
    if (end !== null && !this.awaitBackend(nowMs) && !this.pause(nowMs)) this.session.end(end);
    return true;
  }

  resume(): void {
    this.leaveLine();
    this.begin(performance.now());
    this.go();
  }

  private leaveLine(): void {
    const { line } = this;
    if (line === null) return;
    line.leave(this);
    this.line = null;
    const { trace } = this.session;
    if (trace !== null) trace.queueMs = (trace.queueMs ?? 0) + performance.now() - this.joinedAtMs;
  }

  private joinQueue(nowMs: number): boolean {
    const { queue } = this.pool;
    if (!queue.join(this)) return false;
    if (this.queueDeadlineMs === 0) this.queueDeadlineMs = nowMs + queue.timeoutMs;
    this.waitIn(queue, this.queueDeadlineMs, nowMs);
    return true;
  }

  /** Where the pool has its clients wait for a backend that is up. */
  private awaitBackend(nowMs: number): boolean {
    const { room } = this.pool;
    const longestMs = this.pool.longestWaitMs(this.session.limits);
    if (longestMs === 0) return false;
    if (this.waitingSinceMs === 0) this.waitingSinceMs = nowMs;
    const deadlineMs = this.waitingSinceMs + longestMs;
    if (nowMs >= deadlineMs) return false;
    this.rounds.forget();
    room.join(this);
    this.waitIn(room, deadlineMs, nowMs);
    return true;
  }

  private waitIn(line: ClientQueue | WaitingRoom, deadlineMs: number, nowMs: number): void {
    this.line = line;
    this.joinedAtMs = nowMs;
    this.deadlineMs = deadlineMs;
    this.session.enter(this, "queued");
  }

  // Only where clients do not wait for a place anyway.
  private isLookedAtAgain(): boolean {
    if (this.pool.queue.size > 0) return false;
    const isWaiting = lookAgain(this.looks++, () => {
      if (this.session.step === this && this.session.slot < 0) this.go();
    });
    if (isWaiting) this.deadlineMs = this.totalDeadlineMs;
    return isWaiting;
  }

  /** Waits for the next round, when there is one. */
  private pause(nowMs: number): boolean {
    const nextAtMs = this.rounds.nextBefore(this.totalDeadlineMs, nowMs);
    if (nextAtMs === null) return false;
    this.deadlineMs = nextAtMs;
    this.session.enter(this, "dialing");
    return true;
  }

  // A reload may have sent such clients elsewhere, or nowhere, or have taken the backend away.
  private findPool(): End | null {
    const { session } = this;
    const { hello, trace } = session;
    const pool = this.origin.poolOf(hello);
    if (pool === null) return hello === null ? "noBackend" : "noRoute";
    if (session.slot >= 0 && pool.nameOf(session.slot) === null) session.releaseBackend();
    if (pool !== this.pool) {
      this.rounds.forget();
      this.queueDeadlineMs = 0;
    }
    this.pool = pool;
    if (trace !== null && trace.backend === null) trace.pool = pool.name;
    return null;
  }

  // The time that all attempts together may take runs from now on.
  private begin(nowMs: number): void {
    this.begunAtMs = nowMs;
    this.totalDeadlineMs = nowMs + this.pool.boundsOf(this.session.limits).connectTotalMs;
  }

  /** Tries until a connect is under way; `hasTurn`: it has waited. Returns how the session ends when
   *  none can be. */
  next(nowMs: number, hasTurn = false): End | null {
    const { session, rounds } = this;
    const { tried } = rounds;
    if (session.slot < 0) rounds.advance(nowMs);
    if (!hasTurn && tried.length === 0 && this.pool.queue.isBusy) return "queueFull";
    for (;;) {
      if (nowMs >= this.totalDeadlineMs) return this.lastError === "" ? "noBackend" : "dialTimeout";
      if (session.slot < 0 && !this.pickBackend()) {
        if (this.isFull && (tried.length === 0 || this.pool.queue.size > 0)) return "queueFull";
        if (this.lastError === "") return "noBackend";
        return this.lastError === "ETIMEDOUT" ? "dialTimeout" : "dialFailed";
      }
      const { connectMs } = this.pool.boundsOf(session.limits);
      this.deadlineMs = Math.min(nowMs + connectMs, this.totalDeadlineMs);
      const error = this.attempt.connect(this.pool, handlers, nowMs);
      if (error === 0) return null;
      this.failed(errnoCode(error));
    }
  }

  /** The attempt under way failed: counts it, and gives the backend up unless it has a further address. */
  failed(code: string): void {
    const { session } = this;
    const { slot, thread } = session;
    this.lastError = code;
    const kind = countError(thread, slot, code);
    if (this.attempt.isFurther(this.pool) && kind !== "local") return;
    session.releaseBackend();
    this.rounds.failed(performance.now());
    if (kind === "local") return thread.reportLocalError(slot, code);
    // It refused at the client's port: that says nothing of the ports that other clients come to.
    if (kind === "refused" && this.attempt.isAtClientsPort) return;
    this.rounds.isExpecting ||= isRefusal(code) && this.pool.isExpectedBack(slot);
    countFailure(thread, slot, code);
  }

  /** A connect completed. Returns what is to be called at the backend's first byte. */
  succeeded(): ((nowMs: number) => void) | null {
    const { pool, session } = this;
    const { thread, slot, trace } = session;
    pool.prefer(slot, this.attempt.endpointsTried);
    const connectedAtMs = performance.now();
    const connectMs = connectedAtMs - this.attempt.startedAtMs;
    countConnected(thread, slot, connectMs);
    if (trace !== null) {
      trace.dialMs = connectedAtMs - this.begunAtMs;
      trace.connectedAfterMs = connectedAtMs - session.startedAtMs;
    }
    return observer(pool.times, slot, { connectMs, connectedAtMs });
  }

  private pickBackend(): boolean {
    const { session } = this;
    const { tried } = this.rounds;
    this.isFull = false;
    if (tried.length > this.pool.boundsOf(session.limits).retries) return false;
    const slot = this.attempt.begin(this.pool, tried);
    this.isFull = slot === FULL;
    if (slot < 0) return false;
    if (this.lastError !== "")
      session.thread.board.countBackend(session.thread.worker, slot, "retries", 1);
    tried.push(slot);
    session.enter(this, "dialing");
    const { trace } = session;
    if (trace !== null) {
      trace.pool = this.pool.name;
      trace.backend = this.pool.nameOf(slot);
    }
    return true;
  }
}

const handlers = makeBackendHandlers({
  connected: (session, socket) => dialOf(session)?.connected(socket),
  failed: (session, code) => dialOf(session)?.attemptFailed(code),
});

function dialOf({ step }: Session): Dial | null {
  return step instanceof Dial ? step : null;
}

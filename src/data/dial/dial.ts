// The dial of one session: pick a backend, connect, on failure the next one, within a budget of
// attempts and time. It ends when a connect completes or the budget is used up. While every backend
// of the pool is full it may wait in the pool's queue, and while none is up in its waiting room.
//
// A backend that has failed is not picked again in the same round. When one is expected back (it restarts),
// a further round begins after a pause.
import type { Endpoint } from "../../base/address.ts";
import { errnoCode } from "../../base/os-error.ts";
import { EHOSTUNREACH } from "../../os/abi.ts";
import { isConnectedToItself } from "../../os/connect.ts";
import { hashText } from "../../policy/balance/hash.ts";
import type { End } from "../../shared/end-reason.ts";
import { makeBackendHandlers } from "../relay/backend-handlers.ts";
import { sessionAddress, sessionPort } from "../relay/client-address.ts";
import type { Step } from "../relay/relay-types.ts";
import { lookAgain } from "../relay/second-look.ts";
import type { Session, SessionSocket } from "../relay/session.ts";
import { atPort } from "./at-port.ts";
import { Greeting } from "./greeting.ts";
import { countConnected, countError, countFailure, isRefusal, observer } from "./outcome.ts";
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
  private begunAtMs = 0;
  private totalDeadlineMs = 0;
  private readonly rounds = new Rounds();
  /** Further looks at backends that were full. */
  private looks = 0;
  /** Where the attempt under way goes. */
  private target: Endpoint | null = null;
  /** Endpoints of the present backend that were tried. */
  private endpointsTried = 0;
  /** Empty: no attempt has failed. */
  private lastError = "";
  private startedAtMs = 0;
  private isFull = false;
  /** Null: the backend gets none. */
  private greeting: Greeting | null = null;
  private key = 0;
  /** Its backend has no port of its own. */
  private isAtClientsPort = false;
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
    if (this.target !== null && isConnectedToItself(socket, this.target))
      return this.attemptFailed("ECONNREFUSED");
    const header = this.greeting?.bytes() ?? null;
    // Its send buffer is empty and takes a header whole, unless the backend is gone again.
    if (header !== null && socket.write(header) < header.length)
      return this.attemptFailed("ECONNRESET");
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
      this.startedAtMs = nowMs;
      const { connectMs } = this.pool.boundsOf(session.limits);
      this.deadlineMs = Math.min(nowMs + connectMs, this.totalDeadlineMs);
      const error = this.connect();
      if (error === 0) return null;
      this.failed(errnoCode(error));
    }
  }

  /** The attempt under way failed: counts it, and gives the backend up unless it has a further address. */
  failed(code: string): void {
    const { session } = this;
    const { slot, thread } = session;
    this.lastError = code;
    this.endpointsTried++;
    const kind = countError(thread, slot, code);
    if (kind !== "local" && this.endpointsTried < this.pool.countEndpoints(slot)) return;
    session.releaseBackend();
    this.rounds.failed(performance.now());
    if (kind === "local") return thread.reportLocalError(slot, code);
    // It refused at the client's port: that says nothing of the ports that other clients come to.
    if (kind === "refused" && this.isAtClientsPort) return;
    this.rounds.isExpecting ||= isRefusal(kind, code) && this.pool.isExpectedBack(slot);
    countFailure(thread, slot, code);
  }

  /** A connect completed. Returns what is to be called at the backend's first byte. */
  succeeded(): ((nowMs: number) => void) | null {
    const { pool, session } = this;
    const { thread, slot, trace } = session;
    pool.prefer(slot, this.endpointsTried);
    const connectedAtMs = performance.now();
    const connectMs = connectedAtMs - this.startedAtMs;
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
    const slot = this.takeBackend();
    if (slot < 0) return false;
    if (this.lastError !== "")
      session.thread.board.countBackend(session.thread.worker, slot, "retries", 1);
    tried.push(slot);
    session.enter(this, "dialing");
    const proxy = this.pool.proxyProtocol(slot);
    this.greeting = proxy.version === "off" ? null : new Greeting(session, proxy);
    this.endpointsTried = 0;
    const { trace } = session;
    if (trace !== null) {
      trace.pool = this.pool.name;
      trace.backend = this.pool.nameOf(slot);
    }
    return true;
  }

  // The place is taken first and looked at then: over all threads there are never too many.
  private takeBackend(): number {
    const { session, pool } = this;
    const { tried } = this.rounds;
    if (pool.isHashed && this.key === 0) this.key = hashText(sessionAddress(session));
    const full: number[] = [];
    for (;;) {
      const slot = pool.pick(full.length === 0 ? tried : [...tried, ...full], this.key);
      this.isFull = slot === FULL || full.length > 0;
      if (slot < 0) return slot;
      session.takeBackend(slot);
      if (!pool.isOver(slot)) return slot;
      session.releaseBackend();
      full.push(slot);
    }
  }

  private connect(): number {
    const [session, endpoint] = [this.session, this.endpoint()];
    this.target = endpoint;
    // It lost its addresses since it was picked.
    if (endpoint === null) return EHOSTUNREACH;
    const { trace, thread } = session;
    if (trace !== null) trace.attempts = (trace.attempts ?? 0) + 1;
    return thread.connect({
      endpoint,
      handlers,
      data: session,
      isSpeakingFirst: session.up.pendingBytes > 0 || this.greeting !== null,
      userTimeoutMs: session.limits.userMs,
      sources: this.pool.sources,
      receiveBytes: thread.budget.boundReceive(session.down),
    });
  }

  /** Where the attempt goes; null: nowhere. */
  private endpoint(): Endpoint | null {
    const { session } = this;
    const endpoint = this.pool.endpoint(session.slot, this.endpointsTried) ?? null;
    this.isAtClientsPort = false;
    if (endpoint === null || endpoint.family === "unix" || endpoint.port > 0) return endpoint;
    this.isAtClientsPort = true;
    return atPort(endpoint, sessionPort(session));
  }
}

const handlers = makeBackendHandlers({
  connected: (session, socket) => dialOf(session)?.connected(socket),
  failed: (session, code) => dialOf(session)?.attemptFailed(code),
});

function dialOf({ step }: Session): Dial | null {
  return step instanceof Dial ? step : null;
}

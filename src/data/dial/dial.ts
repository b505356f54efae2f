// The dial of one session: pick a backend, connect, on failure the next one, within a budget of
// attempts and time. It ends when a connect completes or the budget is used up. While every backend
// of the pool is full it may wait in the pool's queue.
import type { Endpoint } from "../../base/address.ts";
import { classifyDialError, errnoCode } from "../../base/os-error.ts";
import type { ProxyProtocol } from "../../config/config.ts";
import { EHOSTUNREACH } from "../../os/abi.ts";
import { hashText } from "../../policy/balance/hash.ts";
import type { Route } from "../../policy/proxy-protocol/format.ts";
import { formatHeader } from "../../policy/proxy-protocol/format.ts";
import type { ClientHello } from "../../policy/tls/client-hello.ts";
import { DIAL_ERROR_TOTALS } from "../../shared/board.ts";
import type { End } from "../../shared/end-reason.ts";
import { EJECTED } from "../../shared/health-bits.ts";
import { makeBackendHandlers } from "../relay/backend-handlers.ts";
import { sessionAddress, sessionPort, sessionRoute } from "../relay/client-address.ts";
import type { Step } from "../relay/relay-types.ts";
import type { Session, SessionSocket } from "../relay/session.ts";
import { FULL, NO_HEADER, type Pool } from "./pool.ts";
import type { ClientQueue, Waiter } from "./queue.ts";

/** Dials that fail in a row, over all workers, before a backend is ejected. */
const FAILURES_TO_EJECT = 3;

/** Where clients go by what they ask for. A reload changes the answer, also for a dial under way. */
export type PoolChoice = {
  /** Null: such a client is refused. `hello` is null where none was read. */
  readonly poolOf: (hello: ClientHello | null) => Pool | null;
};

export class Dial implements Step, Waiter {
  /** When the attempt under way has taken too long, by this thread's clock. */
  deadlineMs = 0;
  readonly session: Session;
  private readonly origin: PoolChoice;
  /** Of the newest generation. */
  private pool: Pool;
  private begunAtMs = 0;
  private totalDeadlineMs = 0;
  private readonly tried: number[] = [];
  /** Endpoints of the present backend that were tried. */
  private endpointsTried = 0;
  private lastError = "";
  private startedAtMs = 0;
  private isFull = false;
  /** What the backend is told, as of its pick: a reload may remove it, a client may be reset meanwhile. */
  private proxy: ProxyProtocol = NO_HEADER;
  private route: Route = null;
  private key = 0;
  /** Its backend has no port of its own. */
  private isAtClientsPort = false;
  /** Where it waits for a place on its pool. */
  private queue: ClientQueue | null = null;
  private joinedAtMs = 0;

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

  /** Connects, waits in the queue, or ends the session. */
  go(): void {
    const nowMs = performance.now();
    const end = this.findPool() ?? this.next(nowMs);
    if (end !== null && !(end === "queueFull" && this.joinQueue(nowMs))) this.session.end(end);
  }

  /** Early bytes are the pipe's. */
  received(): void {}

  leave(): void {
    this.leaveQueue();
  }

  connected(socket: SessionSocket): void {
    const header = this.header();
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
    if (this.queue === null) this.attemptFailed("ETIMEDOUT");
    else this.session.end("queueTimeout");
  }

  tryTurn(): boolean {
    const nowMs = performance.now();
    this.begin(nowMs);
    const { pool } = this;
    const lost = this.findPool();
    if (this.pool !== pool) {
      // It belongs to another queue now, and holds up this one.
      this.queueClosed();
      return true;
    }
    const end = lost ?? this.next(nowMs, true);
    if (end === "queueFull") return false;
    this.leaveQueue();
    if (end !== null) this.session.end(end);
    return true;
  }

  queueClosed(): void {
    this.leaveQueue();
    this.begin(performance.now());
    this.go();
  }

  private leaveQueue(): void {
    const { queue } = this;
    if (queue === null) return;
    queue.leave(this);
    this.queue = null;
    const { trace } = this.session;
    if (trace !== null) trace.queueMs = (trace.queueMs ?? 0) + performance.now() - this.joinedAtMs;
  }

  private joinQueue(nowMs: number): boolean {
    const { queue } = this.pool;
    if (!queue.join(this)) return false;
    this.queue = queue;
    this.joinedAtMs = nowMs;
    this.deadlineMs = nowMs + queue.timeoutMs;
    this.session.enter(this, "queued");
    return true;
  }

  // A reload may have sent such clients elsewhere, or nowhere.
  private findPool(): End | null {
    const { hello, trace } = this.session;
    const pool = this.origin.poolOf(hello);
    if (pool === null) return hello === null ? "noBackend" : "noRoute";
    this.pool = pool;
    if (trace !== null && trace.backend === null) trace.pool = pool.name;
    return null;
  }

  // The time that all attempts together may take runs from now on.
  private begin(nowMs: number): void {
    this.begunAtMs = nowMs;
    this.totalDeadlineMs = nowMs + this.session.limits.connectTotalMs;
  }

  /** Tries until a connect is under way; `hasTurn`: it has waited. Returns how the session ends when
   *  none can be. */
  next(nowMs: number, hasTurn = false): End | null {
    const { session } = this;
    if (!hasTurn && this.tried.length === 0 && this.pool.queue.isBusy) return "queueFull";
    for (;;) {
      if (nowMs >= this.totalDeadlineMs) return this.tried.length > 0 ? "dialTimeout" : "noBackend";
      if (session.slot < 0 && !this.pickBackend()) {
        if (this.isFull && (this.tried.length === 0 || this.pool.queue.size > 0))
          return "queueFull";
        if (this.tried.length === 0) return "noBackend";
        return this.lastError === "ETIMEDOUT" ? "dialTimeout" : "dialFailed";
      }
      this.startedAtMs = nowMs;
      this.deadlineMs = Math.min(nowMs + session.limits.connectMs, this.totalDeadlineMs);
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
    const kind = classifyDialError(code);
    thread.board.countBackend(thread.worker, slot, DIAL_ERROR_TOTALS[kind], 1);
    if (kind !== "local" && this.endpointsTried < this.pool.countEndpoints(slot)) return;
    session.releaseBackend();
    if (kind === "local") return thread.reportLocalError(slot, code);
    // Of that port: it says nothing of those that other clients come to.
    if (kind === "refused" && this.isAtClientsPort) return;
    if (thread.board.countDialFailure(slot) < FAILURES_TO_EJECT) return;
    if (thread.board.changeHealth(slot, EJECTED, 0)) {
      thread.post({ kind: "ejected", slot, error: code });
    }
  }

  /** A connect completed. Returns what is to be called at the backend's first byte. */
  succeeded(): ((nowMs: number) => void) | null {
    const { thread, slot } = this.session;
    thread.board.clearDialFailures(slot);
    thread.board.countBackend(thread.worker, slot, "connections", 1);
    const { pool } = this;
    pool.prefer(slot, this.endpointsTried);
    const connectedAtMs = performance.now();
    const connectMs = connectedAtMs - this.startedAtMs;
    thread.board.histograms.observeDial(thread.worker, slot, connectMs / 1000);
    const { trace, startedAtMs } = this.session;
    if (trace !== null) {
      trace.dialMs = connectedAtMs - this.begunAtMs;
      trace.connectedAfterMs = connectedAtMs - startedAtMs;
    }
    const { times } = pool;
    if (times === null) return null;
    times.observe(slot, connectMs, connectedAtMs);
    return (nowMs) => times.observe(slot, connectMs + nowMs - connectedAtMs, nowMs);
  }

  /** What the backend is told before the client's bytes; null: nothing. */
  private header(): Uint8Array | null {
    const { session } = this;
    const { version, tlvs } = this.proxy;
    if (version === "off") return null;
    if (tlvs.length === 0) return formatHeader(version, this.route);
    const authority = session.hello?.sni ?? null;
    const alpn = session.hello?.alpn[0] ?? null;
    const values = { authority, alpn, unique_id: session.id };
    return formatHeader(version, this.route, { tlvs, values });
  }

  private pickBackend(): boolean {
    const { session, tried } = this;
    this.isFull = false;
    if (tried.length > session.limits.retries) return false;
    const slot = this.takeBackend();
    if (slot < 0) return false;
    if (tried.length > 0)
      session.thread.board.countBackend(session.thread.worker, slot, "retries", 1);
    tried.push(slot);
    session.enter(this, "dialing");
    this.proxy = this.pool.proxyProtocol(slot);
    if (this.proxy.version !== "off") this.route = sessionRoute(session);
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
    const { session, tried } = this;
    const { pool } = this;
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
    const { session } = this;
    const endpoint = this.endpoint();
    // It lost its addresses since it was picked.
    if (endpoint === null) return EHOSTUNREACH;
    const { trace } = session;
    if (trace !== null) trace.attempts = (trace.attempts ?? 0) + 1;
    return session.thread.connect({
      endpoint,
      handlers,
      data: session,
      isSpeakingFirst: session.up.pendingBytes > 0 || this.proxy.version !== "off",
    });
  }

  /** Where the attempt goes; null: nowhere. */
  private endpoint(): Endpoint | null {
    const { session } = this;
    const endpoint = this.pool.endpoint(session.slot, this.endpointsTried) ?? null;
    this.isAtClientsPort = false;
    if (endpoint === null || endpoint.family === "unix" || endpoint.port > 0) return endpoint;
    this.isAtClientsPort = true;
    const port = sessionPort(session);
    return port === 0 ? null : { ...endpoint, port };
  }
}

const handlers = makeBackendHandlers({
  connected: (session, socket) => dialOf(session)?.connected(socket),
  failed: (session, code) => dialOf(session)?.attemptFailed(code),
});

function dialOf({ step }: Session): Dial | null {
  return step instanceof Dial ? step : null;
}

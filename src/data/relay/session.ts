// One client's connection, from accept to its end: preread, dial, relay, and the one end(reason) that
// frees both sockets, its lease on a backend and its counts.
//
//   preread ──► dialing ──► relaying ──► ended
//      └───────────┴──────────────────────►┘
//
// Most begin with the dial, which may wait in a line first, while every backend of the pool is full.
import type { Route } from "../../policy/proxy-protocol/format.ts";
import type { ClientHello } from "../../policy/tls/client-hello.ts";
import { END_INDEX, type End, isRefusal } from "../../shared/end-reason.ts";
import type { SessionLimits, SessionPast, Trace } from "../../shared/messages.ts";
import type { Preread } from "../accept/preread.ts";
import type { Dial } from "../dial/dial.ts";
import type { Direction, RelaySocket } from "./relay-types.ts";
import type { WorkerContext } from "./worker-context.ts";

export type SessionSocket = Bun.Socket<Session>;
export type Phase = "preread" | "dialing" | "relaying" | "ended";

export type SessionParts = {
  /** The listener's row on the board. */
  readonly listener: number;
  readonly limits: SessionLimits;
  readonly client: RelaySocket;
  /** client → backend */
  readonly up: Direction;
  /** backend → client */
  readonly down: Direction;
  /** By this thread's clock; Infinity: never. */
  readonly endAtMs: number;
  /** Where its client's address is counted; −1: it is not. */
  readonly clientCell: number;
  /** When it was accepted, by this thread's clock. */
  readonly startedAtMs: number;
  /** What another thread did of it; null: nothing. */
  readonly past: SessionPast | null;
  /** What is noted for the access log; null: nothing. */
  readonly trace: Trace | null;
};

export class Session {
  readonly thread: WorkerContext;
  /** The listener's row on the board. */
  readonly listener: number;
  readonly limits: SessionLimits;
  readonly client: RelaySocket;
  backend: RelaySocket | null = null;
  /** client → backend */
  readonly up: Direction;
  /** backend → client */
  readonly down: Direction;
  phase: Phase = "dialing";
  /** The backend's row on the board while its lease is held; else −1. */
  slot = -1;
  /** While it is in that phase; else null. */
  preread: Preread | null = null;
  /** While it is dialing; else null. */
  dial: Dial | null = null;
  /** What its peer's PROXY header says of the client; null: there was none, or it says nothing. */
  announced: Route = null;
  /** What its client asks for; null: it was not read. */
  hello: ClientHello | null = null;
  clientCell: number;
  /** Once a side was reset after its FIN: how the session will have ended. */
  lingering: End | null = null;
  /** Bytes in one direction that make it bulk: worth a splicer. */
  spliceAtBytes: number;
  /** When its max_lifetime is over, by this thread's clock. */
  readonly endAtMs: number;
  readonly startedAtMs: number;
  /** Its thread's how-manieth it is. */
  readonly number: number;
  readonly past: SessionPast | null;
  readonly trace: Trace | null;
  /** Somebody is to be told of the backend's first byte. */
  isAwaitingAnswer = false;
  private answer: ((nowMs: number) => void) | null = null;
  private isKeptAlive = false;
  private countedUp = 0;
  private countedDown = 0;

  constructor(thread: WorkerContext, parts: SessionParts) {
    const { listener, limits, client, up, down, endAtMs, clientCell, startedAtMs, past } = parts;
    const { trace } = parts;
    this.thread = thread;
    this.listener = listener;
    this.limits = limits;
    this.client = client;
    this.up = up;
    this.down = down;
    this.up.source = client;
    this.down.sink = client;
    this.spliceAtBytes = thread.spliceAfterBytes;
    this.endAtMs = endAtMs;
    this.clientCell = clientCell;
    this.startedAtMs = startedAtMs;
    this.past = past;
    this.trace = trace;
    this.number = past?.number ?? ++thread.lastSession;
  }

  /** A FIN has come from one side at least. */
  get isHalfClosed(): boolean {
    return this.up.hasEnded || this.down.hasEnded;
  }

  /** Its places on the board are taken. `early` is what the client has sent already, or the errno of a
   *  client that is gone. */
  start(first: Preread | Dial, early: Uint8Array | null | number): void {
    this.thread.sessions.add(this);
    if (typeof early === "number") return this.broke(this.up);
    if (early !== null) this.up.push(early);
    first.go();
  }

  /** Goes on with what another thread has begun, whose rows on the board are this one's already. */
  adopt(backend: RelaySocket, slot: number): void {
    this.slot = slot;
    this.isAwaitingAnswer = this.trace !== null && this.trace.firstByteMs === null;
    this.thread.sessions.add(this);
    this.relay(backend);
  }

  /** Gives everything away, for another thread to adopt: sockets, lease, rows. */
  detach(): void {
    const { thread } = this;
    this.countBytes();
    this.phase = "ended";
    this.slot = -1;
    thread.sessions.delete(this);
    this.up.release();
    this.down.release();
    this.client.end();
    this.backend?.end();
  }

  /** What waits for the client's bytes or for a backend; its deadline is to be kept. */
  get pendingStep(): Preread | Dial | null {
    return this.preread ?? this.dial;
  }

  // --- dial -------------------------------------------------------------------------------

  takeBackend(slot: number): void {
    this.slot = slot;
    this.thread.board.takeBackend(this.thread.worker, slot);
  }

  releaseBackend(): void {
    if (this.slot < 0) return;
    this.thread.board.releaseBackend(this.thread.worker, this.slot);
    this.slot = -1;
  }

  /** The dial's connect completed. */
  connected(socket: SessionSocket): void {
    const { dial } = this;
    if (dial === null) return;
    const header = dial.header();
    // Its send buffer is empty and takes a header whole, unless the backend is gone again.
    if (header !== null && socket.write(header) < header.length)
      return dial.attemptFailed("ECONNRESET");
    this.answer = dial.succeeded();
    this.isAwaitingAnswer = this.answer !== null || this.trace !== null;
    this.dial = null;
    this.thread.pending.delete(this);
    this.relay(socket);
  }

  // --- relay ------------------------------------------------------------------------------

  private relay(backend: RelaySocket): void {
    this.phase = "relaying";
    this.backend = backend;
    this.up.sink = backend;
    this.down.source = backend;
    this.up.movedAtMs = performance.now();
    this.flush(this.up);
  }

  /** A chunk has come from a pipe's source. */
  received(pipe: Direction, chunk: Uint8Array): void {
    if (this.isAwaitingAnswer && pipe === this.down) this.answered();
    if (!pipe.push(chunk)) return this.broke(this.reverse(pipe));
    if (this.preread !== null) return this.preread.look();
    if (pipe.bytes >= this.spliceAtBytes) this.thread.promote(this);
  }

  /** The backend's first byte has come. */
  answered(): void {
    this.isAwaitingAnswer = false;
    const nowMs = performance.now();
    this.answer?.(nowMs);
    this.answer = null;
    const { trace, startedAtMs } = this;
    if (trace === null || trace.connectedAfterMs === null) return;
    trace.firstByteMs = nowMs - startedAtMs - trace.connectedAfterMs;
  }

  /** A pipe's sink may have room, or its FIN may be due. */
  flush(pipe: Direction): void {
    if (!pipe.flush()) return this.broke(this.reverse(pipe));
    if (pipe.isFinDue) this.forwardFin(pipe);
    else if (pipe.bytes >= this.spliceAtBytes) this.thread.promote(this);
  }

  /** A pipe's source has sent FIN. */
  finished(pipe: Direction): void {
    if (this.preread !== null) return this.end("clientGonePreread");
    pipe.hasEnded = true;
    if (pipe.state === "dead") this.endLinger(this.reverse(pipe));
    else this.flush(pipe);
  }

  /** A pipe's source was reset, or broke when it was written to. */
  broke(pipe: Direction): void {
    if (this.phase === "ended") return;
    if (this.preread !== null) return this.end("clientGonePreread");
    if (this.phase === "dialing")
      return this.end(this.dial?.isQueued === true ? "clientGoneQueue" : "clientGoneDial");
    const reverse = this.reverse(pipe);
    const end = this.resetReason(pipe);
    if (!pipe.hasEnded || pipe.state === "dead") return this.end(end);
    // Its stream was whole before: the other side still gets all of it, then FIN.
    this.lingering = end;
    (pipe === this.up ? this.client : this.backend)?.terminate();
    reverse.kill();
    this.endLinger(pipe);
  }

  private forwardFin(pipe: Direction): void {
    const reverse = this.reverse(pipe);
    const sink = pipe === this.up ? this.backend : this.client;
    pipe.state = "finished";
    if (reverse.state === "dead") {
      sink?.shutdown();
      return this.endLinger(pipe);
    }
    // A socket that has sent and got its FIN is closed at once: one call in place of a shutdown, a
    // wakeup and a close.
    if (reverse.hasEnded) sink?.end();
    else sink?.shutdown();
    if (reverse.state === "finished") this.end("finished");
  }

  // `pipe` is what remains of a session whose other direction is dead.
  private endLinger(pipe: Direction): void {
    if (this.lingering === null || pipe.state !== "finished") return;
    if (this.reverse(pipe).hasEnded) this.end(this.lingering);
  }

  private reverse(pipe: Direction): Direction {
    return pipe === this.up ? this.down : this.up;
  }

  private resetReason(pipe: Direction): End {
    if (pipe === this.up) return this.isHalfClosed ? "clientResetHalfClosed" : "clientReset";
    return this.isHalfClosed ? "backendResetHalfClosed" : "backendReset";
  }

  // --- end --------------------------------------------------------------------------------

  /** Ends it, whatever it does; sockets that are still open are reset, but for that of a client that
   *  is refused where the config says otherwise. Idempotent. */
  end(end: End): void {
    if (this.phase === "ended") return;
    this.phase = "ended";
    const { thread } = this;
    thread.pending.delete(this);
    this.dial?.leaveLine();
    this.dial = null;
    this.preread = null;
    thread.sessions.delete(this);
    this.countBytes();
    const nowMs = performance.now();
    thread.access?.ended(this, end, nowMs);
    this.releaseBackend();
    thread.board.closeSession(thread.worker, this.listener);
    thread.board.countEnd(thread.worker, this.listener, END_INDEX[end]);
    thread.board.leaveSession(thread.worker);
    const seconds = (nowMs - this.startedAtMs) / 1000;
    thread.board.histograms.observeSession(thread.worker, seconds);
    if (this.clientCell >= 0) thread.board.clients.leave(thread.worker, this.clientCell);
    this.up.release();
    this.down.release();
    if (this.limits.refuse === "close" && isRefusal(end)) this.client.end();
    else this.client.terminate();
    this.backend?.terminate();
    thread.onSessionEnd();
  }

  /** A handler threw: a fault of ours, which costs this session only. */
  fault(error: Error): void {
    this.thread.post({ kind: "fault", message: error.stack ?? String(error) });
    this.end("fault");
  }

  /** Switches on TCP keepalive on both sides. The sweep calls it: a session that is over before
   *  the first one has no need of it, and is spared the system calls. */
  keepAlive(): void {
    if (this.isKeptAlive || this.limits.keepaliveMs === 0) return;
    this.isKeptAlive = true;
    this.client.setKeepAlive(true, this.limits.keepaliveMs);
    this.backend?.setKeepAlive(true, this.limits.keepaliveMs);
  }

  /** Brings the board's byte totals up to date; the sweep calls it too. */
  countBytes(): void {
    const { thread, slot } = this;
    if (slot < 0) return;
    const up = this.up.bytes - this.countedUp;
    const down = this.down.bytes - this.countedDown;
    if (up > 0) thread.board.countBackend(thread.worker, slot, "bytesUp", up);
    if (down > 0) thread.board.countBackend(thread.worker, slot, "bytesDown", down);
    this.countedUp += up;
    this.countedDown += down;
  }
}

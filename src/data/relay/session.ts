// One client's connection, from accept to its end: a preread where its listener asks for one, a dial, the
// relay, and the one end(reason) that frees both sockets, its lease on a backend and its counts.
//
//   preread ──► dialing ──► relaying ──► half_closed
//      └──► queued ◄─┘                                   from each of them: ended
//
// It is always true, and checked by the simulation, that:
//   - `step` is not null ⇔ the phase is preread, queued or dialing: nothing is relayed yet;
//   - `slot` ≥ 0 ⇒ it is a backend of the pool that its clients went to when the attempt began;
//   - queued ⇒ `slot` < 0: a client that waits holds no place.
import type { Route } from "../../policy/proxy-protocol/format.ts";
import type { ClientHello } from "../../policy/tls/client-hello.ts";
import { END_INDEX, type End, isRefusal } from "../../shared/end-reason.ts";
import type { SessionLimits } from "../../shared/generation.ts";
import type { SessionSnapshot, SessionStage, Trace } from "../../shared/session-facts.ts";
import type { Direction, RelaySocket, Step } from "./relay-types.ts";
import { broke, forwardEnd } from "./teardown.ts";
import type { WorkerContext } from "./worker-context.ts";

export type SessionSocket = Bun.Socket<Session>;
export type Phase = SessionStage | "ended";

type SessionParts = {
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
  /** As another thread has given it away; null: it began here. */
  readonly before: SessionSnapshot | null;
  /** Facts for the access log; null: none are noted. */
  readonly trace: Trace | null;
};

export class Session {
  readonly thread: WorkerContext;
  /** The listener's row on the board. */
  readonly listener: number;
  readonly limits: SessionLimits;
  readonly client: RelaySocket;
  backend: RelaySocket | null = null;
  /** The sockets' descriptors, as the board has them; −1: closed, or not one of the worker's. */
  clientFd = -1;
  backendFd = -1;
  /** client → backend */
  readonly up: Direction;
  /** backend → client */
  readonly down: Direction;
  phase: Phase = "dialing";
  /** The backend's row on the board while its lease is held; else −1. */
  slot = -1;
  /** The preread or the dial that it is at; null: it relays, or has ended. */
  step: Step | null = null;
  /** The client by its peer's PROXY header; null: there was none, or it names no address. */
  announced: Route = null;
  /** Its client's ClientHello; null: it was not read. */
  hello: ClientHello | null = null;
  clientCell: number;
  /** Once a side has broken, and the other one still gets what came before: how the session will have
   *  ended. */
  lingering: End | null = null;
  /** Bytes in one direction that make it bulk: worth a splicer. */
  spliceAtBytes: number;
  /** When its max_lifetime is over, by this thread's clock. */
  readonly endAtMs: number;
  readonly startedAtMs: number;
  /** It counts the sessions of the thread where it began. */
  readonly number: number;
  readonly before: SessionSnapshot | null;
  readonly trace: Trace | null;
  /** The time of the backend's first byte is to be noted. */
  isAwaitingAnswer = false;
  private onFirstByte: ((nowMs: number) => void) | null = null;
  private isKeptAlive = false;
  private countedUp = 0;
  private countedDown = 0;

  constructor(thread: WorkerContext, parts: SessionParts) {
    const { listener, limits, client, up, down, endAtMs, clientCell, startedAtMs, before } = parts;
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
    this.before = before;
    this.trace = trace;
    this.number = before?.number ?? ++thread.lastSession;
  }

  /** Unique as long as bal runs. */
  get id(): string {
    return `${this.before?.idPrefix ?? this.thread.idPrefix}-${this.number}`;
  }

  get isRelaying(): boolean {
    return this.phase === "relaying" || this.phase === "half_closed";
  }

  /** Its state and its counts since it was accepted, over all threads that it was on. */
  snapshot(): SessionSnapshot {
    const { before, thread, number, up, down, hello } = this;
    return {
      idPrefix: before?.idPrefix ?? thread.idPrefix,
      number,
      bytesUp: (before?.bytesUp ?? 0) + up.bytes,
      bytesDown: (before?.bytesDown ?? 0) + down.bytes,
      sni: hello?.sni ?? before?.sni ?? null,
    };
  }

  /** Its places on the board are taken. `early` is what the client has sent already, or the errno of a
   *  client that is gone. */
  start(first: Step, early: Uint8Array | null | number): void {
    this.thread.sessions.add(this);
    if (typeof early === "number") return broke(this, this.up);
    if (early !== null) this.up.push(early);
    first.go();
  }

  /** Goes on where another thread has given it away; its rows on the board are this thread's already. */
  adopt(backend: RelaySocket, slot: number): void {
    this.slot = slot;
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
    this.client.close();
    this.backend?.close();
  }

  // --- before the relay -------------------------------------------------------------------

  /** A step begins, or goes into another phase. Its deadline is kept from now on. */
  enter(step: Step, phase: "preread" | "queued" | "dialing"): void {
    this.step = step;
    this.phase = phase;
    this.thread.pending.add(this);
    this.thread.watchPending();
  }

  takeBackend(slot: number): void {
    this.slot = slot;
    this.thread.board.takeBackend(this.thread.worker, slot);
  }

  releaseBackend(): void {
    if (this.slot < 0) return;
    this.thread.board.releaseBackend(this.thread.worker, this.slot);
    this.slot = -1;
  }

  // --- relay ------------------------------------------------------------------------------

  /** The backend is connected. `onFirstByte` is called when its first byte has come. */
  relay(backend: RelaySocket, onFirstByte: ((nowMs: number) => void) | null = null): void {
    const { trace } = this;
    this.step = null;
    this.thread.pending.delete(this);
    this.phase = this.up.hasEnded ? "half_closed" : "relaying";
    this.onFirstByte = onFirstByte;
    this.isAwaitingAnswer = onFirstByte !== null || (trace !== null && trace.firstByteMs === null);
    this.backend = backend;
    this.up.sink = backend;
    this.down.source = backend;
    this.up.progress.movedAtMs = performance.now();
    this.flush(this.up);
  }

  /** A chunk has come from a pipe's source. */
  received(pipe: Direction, chunk: Uint8Array): void {
    if (this.isAwaitingAnswer && pipe === this.down) this.answered();
    if (!pipe.push(chunk)) return broke(this, this.reverse(pipe));
    if (this.step !== null) return this.step.received();
    if (pipe.bytes >= this.spliceAtBytes) this.thread.promote(this);
  }

  /** The backend's first byte has come. */
  answered(): void {
    this.isAwaitingAnswer = false;
    const nowMs = performance.now();
    this.onFirstByte?.(nowMs);
    this.onFirstByte = null;
    const { trace, startedAtMs } = this;
    if (trace === null || trace.connectedAfterMs === null) return;
    trace.firstByteMs = nowMs - startedAtMs - trace.connectedAfterMs;
  }

  /** A pipe's sink may have room, or its FIN may be due. */
  flush(pipe: Direction): void {
    if (!pipe.flush()) return broke(this, this.reverse(pipe));
    if (pipe.isEndDue) forwardEnd(this, pipe);
    else if (pipe.bytes >= this.spliceAtBytes) this.thread.promote(this);
  }

  reverse(pipe: Direction): Direction {
    return pipe === this.up ? this.down : this.up;
  }

  // --- end --------------------------------------------------------------------------------

  /** Ends it, whatever it does; sockets that are still open are reset, but for that of a client that
   *  is refused where the config says otherwise. Idempotent. */
  end(end: End): void {
    if (this.phase === "ended") return;
    const { thread, step } = this;
    this.phase = "ended";
    this.step = null;
    thread.pending.delete(this);
    step?.leave();
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
    if (this.limits.refuse === "close" && isRefusal(end)) this.client.close();
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

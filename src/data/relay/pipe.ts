// One direction of a session: bytes from `source` to `sink`, in order, with backpressure and FIN.
//
//   source ── push ──► [pending] ── write ──► sink
//      ▲                   │ sink is full: source is paused
//      └──── resume ◄──────┘ sink took it all
//
// It knows neither direction nor session, and closes nothing: the session decides what a broken
// sink means and forwards the FIN.
import {
  freeReceiveBuffer,
  freeSendBuffer,
  limitReceiveBuffer,
  limitSendBuffer,
} from "../../os/socket.ts";
import type { BufferBudget } from "./buffer-budget.ts";
import { Progress, type UnsentBytes } from "./progress.ts";
import type { Direction, PipeSocket } from "./relay-types.ts";

/** Bytes kept for a sink that is not there yet before its source is paused. */
const EARLY_BYTES = 64 * 1024;
/** Between two reads of a source whose bytes are dropped: 5 MB/s of them, and no more. */
export const DROP_PAUSE_MS = 100;
/** A receive buffer that does no harm to a connection which has had a larger one. */
const NARROW_RECEIVE_BYTES = 16 * 1024;
/** The least send buffer with which loopback is still fast: 1.3 GB/s, with half of it 3 MB/s. */
const NARROW_SEND_BYTES = 64 * 1024;
const NOTHING = new Uint8Array(0);

export class Pipe implements Direction {
  source: PipeSocket | null = null;
  sink: PipeSocket | null = null;
  hasEnded = false;
  isCut = false;
  receiveBytes = 0;
  state: Direction["state"] = "open";
  bytes = 0;
  readonly progress: Progress;
  stalledSinceMs: number;
  private pending: Uint8Array | null = null;
  /** The bytes that `pending` keeps alive. */
  private heldBytes = 0;
  /** Its sink's send buffer is small. */
  private isNarrow = false;
  private isPaused = false;
  /** Until there is room, or its sink is there. */
  private isHeld = false;
  private readonly budget: BufferBudget;

  constructor(budget: BufferBudget, nowMs: number) {
    this.budget = budget;
    this.progress = new Progress(nowMs);
    this.stalledSinceMs = nowMs;
  }

  get pendingBytes(): number {
    return this.pending === null ? 0 : this.pending.length;
  }

  get isEndDue(): boolean {
    return this.hasEnded && this.pending === null && this.state === "open" && this.sink !== null;
  }

  /** The bytes that wait for a sink that is not there yet. */
  peek(): Uint8Array {
    return this.pending ?? NOTHING;
  }

  /** The first of these bytes are not the sink's. */
  skip(bytes: number): void {
    if (this.pending === null) return;
    if (bytes < this.pending.length) this.keep(this.pending.subarray(bytes));
    else this.drop();
  }

  push(chunk: Uint8Array): boolean {
    if (this.state === "dead") {
      this.pause();
      setTimeout(() => this.resume(), DROP_PAUSE_MS);
      return true;
    }
    if (this.pending !== null || this.sink === null) {
      this.keep(this.pending === null ? chunk : concat(this.pending, chunk));
      if (this.sink !== null || this.pendingBytes > EARLY_BYTES) this.pause();
      else if (this.budget.isOver()) this.hold();
      return true;
    }
    const written = this.sink.write(chunk);
    if (written < 0) return false;
    this.bytes += written;
    if (written < chunk.length) {
      this.keep(chunk.subarray(written));
      this.pause();
    }
    return true;
  }

  flush(): boolean {
    if (this.sink === null) return true;
    if (this.pending === null) {
      if (this.isHeld) this.resume();
      return true;
    }
    const written = this.sink.write(this.pending);
    if (written < 0) return false;
    this.bytes += written;
    if (written < this.pending.length) {
      if (written > 0) this.keep(this.pending.subarray(written));
      return true;
    }
    this.drop();
    this.resume();
    return true;
  }

  hold(): void {
    this.pause();
    this.isHeld = true;
    this.budget.hold(this);
  }

  /** Its sockets get small buffers, until its sink's peer proves fast or memory is there again. */
  narrow(): void {
    if (this.sink !== null && !this.isNarrow) {
      this.isNarrow = true;
      limitSendBuffer(this.sink, NARROW_SEND_BYTES);
    }
    if (this.source !== null && this.receiveBytes === 0) {
      this.receiveBytes = NARROW_RECEIVE_BYTES;
      limitReceiveBuffer(this.source, NARROW_RECEIVE_BYTES);
    }
  }

  widen(): void {
    const { source, sink, isNarrow, receiveBytes } = this;
    if (isNarrow && sink !== null) freeSendBuffer(sink);
    if (receiveBytes > 0 && source !== null) freeReceiveBuffer(source);
    this.isNarrow = false;
    this.receiveBytes = 0;
  }

  /** Lets a paused source send on. */
  resume(): void {
    if (!this.isPaused) return;
    if (this.isHeld) this.budget.forget(this);
    this.isHeld = false;
    this.isPaused = false;
    this.source?.resume();
  }

  // The source is read on, slowly: a socket that is closed with unread input resets what its peer has
  // yet to get (RFC 2525, 2.17), and a peer may read only when it has sent everything.
  kill(): void {
    this.state = "dead";
    this.drop();
    this.budget.forget(this);
    this.resume();
  }

  release(): void {
    this.drop();
    this.budget.forget(this);
    this.source = null;
    this.sink = null;
  }

  observe(nowMs: number, unsentBytes: UnsentBytes): void {
    const { sink, progress } = this;
    if (sink !== null) progress.look(nowMs, this.bytes, () => unsentBytes(sink));
    if (this.pending === null || progress.movedAtMs === nowMs) this.stalledSinceMs = nowMs;
    if (!this.isNarrow && this.receiveBytes === 0) return;
    const { budget } = this;
    const isRoom = this.pending === null && !budget.isTight() && !budget.isScarce();
    if (progress.isReaderFast || isRoom) this.widen();
  }

  private pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.source?.pause();
    if (this.budget.isTight()) this.narrow();
  }

  // A view keeps its whole chunk alive (up to 512 KiB a read): copied when most of that has gone.
  // It is a whole chunk or the tail of one, so that its end is the chunk's: to ask for its buffer makes one.
  private keep(bytes: Uint8Array): void {
    const chunkBytes = bytes.byteOffset + bytes.length;
    const isMostlyGone = bytes.length * 2 < chunkBytes;
    this.pending = isMostlyGone ? new Uint8Array(bytes) : bytes;
    this.count(isMostlyGone ? bytes.length : chunkBytes);
  }

  private drop(): void {
    if (this.pending === null) return;
    this.pending = null;
    this.count(0);
  }

  private count(bytes: number): void {
    const more = bytes - this.heldBytes;
    this.heldBytes = bytes;
    this.budget.add(more);
  }
}

function concat(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const joined = new Uint8Array(head.length + tail.length);
  joined.set(head);
  joined.set(tail, head.length);
  return joined;
}

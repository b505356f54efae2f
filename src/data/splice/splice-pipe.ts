// One direction of a spliced session: bytes go from `source` to `sink` through a pipe in the kernel.
//
//   source ── splice ──► [kernel pipe] ── splice ──► sink
//
// What `Pipe` is to a worker; no byte of it is ever in this process's memory.
import { EAGAIN, EINTR } from "../../os/abi.ts";
import { closePipe, type KernelPipe, splice } from "../../os/splice.ts";
import { discard } from "../../os/stream.ts";
import type { Direction } from "../relay/relay-types.ts";
import type { SplicedSocket } from "./spliced-socket.ts";

/** What one call moves at most, so that one session does not starve the others. */
const TURN_BYTES = 4 * 1024 * 1024;

/** `waiting`: until source or sink changes. `more`: its turn is over, there is more to move. */
export type Move = "waiting" | "more" | "ended" | "source-broken" | "sink-broken";

export class SplicePipe implements Direction {
  source: SplicedSocket;
  sink: SplicedSocket;
  hasEnded = false;
  state: Direction["state"] = "open";
  bytes = 0;
  movedAtMs: number;
  /** What waits for the sink is the kernel's. */
  readonly stalledSinceMs = Number.POSITIVE_INFINITY;
  /** None is in this process's memory. */
  readonly pendingBytes = 0;
  private readonly pipe: KernelPipe;
  /** Bytes in the kernel's pipe. */
  private held = 0;
  private sweptBytes = 0;
  private isOpen = true;

  /** It owns the kernel's pipe. */
  constructor(pipe: KernelPipe, source: SplicedSocket, sink: SplicedSocket) {
    this.pipe = pipe;
    this.source = source;
    this.sink = sink;
    source.from = this;
    sink.to = this;
    this.movedAtMs = performance.now();
  }

  get isFinDue(): boolean {
    return this.hasEnded && this.held === 0 && this.state === "open";
  }

  /** Moves what can be moved now. */
  move(): Move {
    for (let moved = 0; moved < TURN_BYTES; ) {
      if (!this.flush()) return "sink-broken";
      if (this.held > 0 || !this.source.isReadable) return "waiting";
      const count = this.fill();
      if (count === 0) return "ended";
      if (count === -EAGAIN) this.source.isReadable = false;
      else if (count > 0) moved += count;
      else if (count !== -EINTR) return "source-broken";
    }
    return "more";
  }

  flush(): boolean {
    while (this.held > 0) {
      const count = splice(this.pipe.read, this.sink.fd);
      if (count > 0) {
        this.held -= count;
        this.bytes += count;
      } else if (count === -EAGAIN) {
        return true;
      } else if (count !== -EINTR) {
        return false;
      }
    }
    return true;
  }

  push(): boolean {
    throw new Error("bytes of a spliced session do not come by here");
  }

  kill(): void {
    this.state = "dead";
    this.held = 0;
  }

  release(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    closePipe(this.pipe);
  }

  observe(nowMs: number): void {
    if (this.bytes === this.sweptBytes) return;
    this.sweptBytes = this.bytes;
    this.movedAtMs = nowMs;
  }

  private fill(): number {
    if (this.state === "dead") return discard(this.source.fd);
    const count = splice(this.source.fd, this.pipe.write);
    if (count > 0) this.held += count;
    return count;
  }
}

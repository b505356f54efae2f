// One direction of a spliced session: bytes go from `source` to `sink` through a pipe in the kernel.
//
//   source ── splice ──► [kernel pipe] ── splice ──► sink
//
// A splicer's counterpart of a worker's `Pipe`; no byte of it is ever in this process's memory.
import { EAGAIN, EINTR } from "../../os/abi.ts";
import { copy, type KernelPipe, splice } from "../../os/splice.ts";
import { discard } from "../../os/stream.ts";
import { Progress, type UnsentBytes } from "../relay/progress.ts";
import type { Direction } from "../relay/relay-types.ts";
import type { SplicedSocket } from "./spliced-socket.ts";

/** The most that one call moves, so that one session does not starve the others. */
const TURN_BYTES = 4 * 1024 * 1024;

/** And what it drops. */
const DROP_BYTES = 512 * 1024;

/** `waiting`: until source or sink changes. `more`: its turn is over, there is more to move; `dropped`:
 *  or to drop. */
export type Move = "waiting" | "more" | "dropped" | "ended" | "source-broken" | "sink-broken";

type SplicePipeParts = {
  readonly source: SplicedSocket;
  readonly sink: SplicedSocket;
  readonly close: (pipe: KernelPipe) => void;
};

export class SplicePipe implements Direction {
  source: SplicedSocket;
  sink: SplicedSocket;
  hasEnded = false;
  isCut = false;
  receiveBytes = 0;
  state: Direction["state"] = "open";
  bytes = 0;
  readonly progress = new Progress(performance.now());
  /** The kernel holds the bytes that wait for the sink. */
  readonly stalledSinceMs = Number.POSITIVE_INFINITY;
  /** None is in this process's memory. */
  readonly pendingBytes = 0;
  private readonly pipe: KernelPipe;
  private readonly close: (pipe: KernelPipe) => void;
  /** Bytes in the kernel's pipe. */
  private held = 0;
  private isOpen = true;

  /** `close` is called once, with the kernel's pipe. */
  constructor(pipe: KernelPipe, { source, sink, close }: SplicePipeParts) {
    this.pipe = pipe;
    this.close = close;
    this.source = source;
    this.sink = sink;
    source.from = this;
    sink.to = this;
  }

  get isEndDue(): boolean {
    return this.hasEnded && this.held === 0 && this.state === "open";
  }

  /** Moves what can be moved now. */
  move(): Move {
    const isDead = this.state === "dead";
    for (let moved = 0; moved < (isDead ? DROP_BYTES : TURN_BYTES); ) {
      if (!this.flush()) return "sink-broken";
      if (this.held > 0 || !this.source.isReadable) return "waiting";
      const count = this.fill();
      if (count === 0) return "ended";
      if (count === -EAGAIN) this.source.isReadable = false;
      else if (count > 0) moved += count;
      else if (count !== -EINTR) return "source-broken";
    }
    return isDead ? "dropped" : "more";
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

  // It takes nothing of the budget.
  narrow(): void {}
  widen(): void {}
  hold(): void {}

  kill(): void {
    this.state = "dead";
    this.held = 0;
  }

  release(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.close(this.pipe);
  }

  observe(nowMs: number, unsentBytes: UnsentBytes): void {
    this.progress.look(nowMs, this.bytes, () => unsentBytes(this.sink));
  }

  private fill(): number {
    if (this.state === "dead") return discard(this.source.fd);
    const { source, pipe } = this;
    let count = splice(source.fd, pipe.write);
    // An urgent byte is in its way, or a FIN that may have one before it.
    if (count === 0 || (count === -EAGAIN && source.isUrgent)) {
      source.isUrgent = false;
      count = copy(source.fd, pipe.write);
    }
    if (count > 0) this.held += count;
    return count;
  }
}

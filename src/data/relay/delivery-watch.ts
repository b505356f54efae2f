// Sessions whose stream was cut, and whose last bytes are on their way: a reset drops what is still in
// the send buffer, so it is sent when the peer's kernel has confirmed all of it. No event reports that.
import type { End } from "../../shared/end-reason.ts";
import type { UnsentBytes } from "./progress.ts";
import type { PipeSocket } from "./relay-types.ts";
import type { Session } from "./session.ts";

/** How often it looks at first: about the time that a byte takes to a host nearby and back. */
export const LOOK_MS = 5;
/** And at last: to a peer that does not read it may be minutes. */
const MAX_LOOK_MS = 1000;

type Delivery = {
  readonly sink: PipeSocket;
  readonly end: End;
  readonly sinceMs: number;
  lookAtMs: number;
};

export class DeliveryWatch {
  private readonly unsentBytes: UnsentBytes;
  private readonly deliveries = new Map<Session, Delivery>();
  private timer: Timer | null = null;

  constructor(unsentBytes: UnsentBytes) {
    this.unsentBytes = unsentBytes;
  }

  get isEmpty(): boolean {
    return this.deliveries.size === 0;
  }

  /** Ends the session when its sink's peer has everything, at once where it has. */
  add(session: Session, sink: PipeSocket, end: End): void {
    if (this.unsentBytes(sink) === 0) return session.end(end);
    const nowMs = performance.now();
    const lookAtMs = nowMs + LOOK_MS;
    this.deliveries.set(session, { sink, end, sinceMs: nowMs, lookAtMs });
    this.timer ??= setInterval(() => this.look(performance.now()), LOOK_MS);
  }

  /** Ends those that are due. One that has waited long is looked at less often. */
  look(nowMs: number): void {
    for (const [session, delivery] of this.deliveries) {
      if (session.phase === "ended") this.deliveries.delete(session);
      if (session.phase === "ended" || nowMs < delivery.lookAtMs) continue;
      const { sink, end, sinceMs } = delivery;
      delivery.lookAtMs = nowMs + Math.min((nowMs - sinceMs) / 4, MAX_LOOK_MS);
      if (this.unsentBytes(sink) > 0) continue;
      this.deliveries.delete(session);
      session.end(end);
    }
    if (this.deliveries.size > 0 || this.timer === null) return;
    clearInterval(this.timer);
    this.timer = null;
  }
}

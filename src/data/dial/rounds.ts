// The rounds of one client's dials. A backend is picked once in a round; when one of those that refused is
// expected back, a further round begins after a pause.

/** Between two rounds: the first pause, doubled each time, and the longest one. */
const PAUSE_MS = 50;
const MAX_PAUSE_MS = 1000;

export class Rounds {
  /** Backends that were picked in this round. */
  readonly tried: number[] = [];
  /** A backend has refused that is expected back. */
  isExpecting = false;
  /** When the next round may begin, and the pause before it. */
  private nextAtMs = 0;
  private pauseMs = PAUSE_MS;

  /** A backend has failed: the pause runs from now on. */
  failed(nowMs: number): void {
    this.nextAtMs = nowMs + this.pauseMs;
  }

  /** Begins a further round where the pause is over. */
  advance(nowMs: number): void {
    if (this.tried.length === 0 || nowMs < this.nextAtMs) return;
    this.forget();
    this.pauseMs = Math.min(2 * this.pauseMs, MAX_PAUSE_MS);
  }

  /** All may be tried. */
  forget(): void {
    this.tried.length = 0;
  }

  /** When there is a further round; null: there is none before the deadline. */
  nextBefore(deadlineMs: number, nowMs: number): number | null {
    // The present one may have had no attempt: all were full.
    if (this.nextAtMs <= nowMs) this.nextAtMs = nowMs + this.pauseMs;
    return this.isExpecting && this.nextAtMs < deadlineMs ? this.nextAtMs : null;
  }
}

// How long backends take to connect and to answer: a moving average that a slow answer raises at once
// and fast ones lower over ten seconds (peak EWMA, as Finagle has it). One per pool and thread.
//
// All averages decay alike, so none is touched for it: each is kept as what it would have to be at one
// common instant to be what it is now. Only their ratios mean something.
import { MAX_BACKENDS } from "../../shared/board-layout.ts";

const DECAY_MS = 10_000;
/** The common instant moves on before the numbers grow out of range. */
const REBASE_MS = 100 * DECAY_MS;

export class Latency {
  private readonly scaled = new Float64Array(MAX_BACKENDS);
  /** When each was observed last. */
  private readonly atMs = new Float64Array(MAX_BACKENDS);
  private baseMs: number;

  constructor(nowMs: number) {
    this.baseMs = nowMs;
  }

  /** In a unit that all backends share, less the longer ago it was observed: who is slow is tried again.
   *  0: not known. */
  of(slot: number): number {
    return this.scaled[slot] ?? 0;
  }

  observe(slot: number, ms: number, nowMs: number): void {
    if (nowMs - this.baseMs > REBASE_MS) this.rebase(nowMs);
    // Below the clock's grain it would count as not known.
    const observed = Math.max(ms, 0.01) * this.scaleAt(nowMs);
    const before = this.of(slot);
    const kept = Math.exp(((this.atMs[slot] ?? nowMs) - nowMs) / DECAY_MS);
    this.scaled[slot] = observed >= before ? observed : before + observed * (1 - kept);
    this.atMs[slot] = nowMs;
  }

  private rebase(nowMs: number): void {
    const factor = 1 / this.scaleAt(nowMs);
    for (const [slot, value] of this.scaled.entries()) this.scaled[slot] = value * factor;
    this.baseMs = nowMs;
  }

  private scaleAt(nowMs: number): number {
    return Math.exp((nowMs - this.baseMs) / DECAY_MS);
  }
}

// How long backends take to connect and to answer: a moving average that a slow answer raises at once
// and fast ones lower over ten seconds (peak EWMA, as Finagle has it). One per pool and thread.

const DECAY_MS = 10_000;

type Average = { readonly ms: number; readonly atMs: number };

export class Latency {
  private readonly bySlot = new Map<number, Average>();

  /** Milliseconds, less the longer ago it was observed: who is slow is tried again. 0: not known. */
  of(slot: number, nowMs: number): number {
    const average = this.bySlot.get(slot);
    return average === undefined ? 0 : average.ms * decay(average, nowMs);
  }

  observe(slot: number, ms: number, nowMs: number): void {
    const before = this.bySlot.get(slot);
    // Below the clock's grain it would count as not known.
    const observed = Math.max(ms, 0.01);
    if (before === undefined || observed >= this.of(slot, nowMs)) {
      this.bySlot.set(slot, { ms: observed, atMs: nowMs });
      return;
    }
    const kept = decay(before, nowMs);
    this.bySlot.set(slot, { ms: before.ms * kept + observed * (1 - kept), atMs: nowMs });
  }
}

function decay({ atMs }: Average, nowMs: number): number {
  return Math.exp(-(nowMs - atMs) / DECAY_MS);
}

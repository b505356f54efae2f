// How much a counter rose lately: what was counted long ago is no problem of today.

export class RecentRise {
  private readonly windowMs: number;
  /** The totals that it had reached, and when; the oldest first. Counters begin at zero. */
  private seen: { readonly atMs: number; readonly total: number }[] = [
    { atMs: Number.NEGATIVE_INFINITY, total: 0 },
  ];

  constructor(windowMs: number) {
    this.windowMs = windowMs;
  }

  /** Takes what the counter is now; returns by how much it rose within the window. `nowMs`: monotonic. */
  take(total: number, nowMs: number): number {
    const last = this.seen.at(-1);
    // Less than before: it counts something else since, from zero.
    if (last !== undefined && total < last.total) this.seen = [{ atMs: last.atMs, total: 0 }];
    if (last === undefined || total !== last.total) this.seen.push({ atMs: nowMs, total });
    // The newest one that is out of the window says from where it rose.
    const first = this.seen.findLastIndex(({ atMs }) => nowMs - atMs > this.windowMs);
    if (first > 0) this.seen.splice(0, first);
    return total - (this.seen[0]?.total ?? 0);
  }
}

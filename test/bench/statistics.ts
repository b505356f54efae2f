// Medians, spreads and ratios of what the rounds gave. Pure.

export type Spread = { readonly median: number; readonly min: number; readonly max: number };

/** One round of one figure: what each rival read, by its name. */
export type Round = Readonly<Record<string, number>>;

/** The middle value; of an even count the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  if (upper === undefined) throw new Error("no median of nothing");
  const lower = sorted[(sorted.length - 1) >> 1] ?? upper;
  return (lower + upper) / 2;
}

/** Null when there is no value. */
export function spread(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** The value that a share of all are not above (nearest rank); `sorted` is in rising order. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  const value = sorted[rank - 1];
  if (value === undefined) throw new Error("no percentile of nothing");
  return value;
}

/**
 * `mine` over `theirs` in each round that has both, then the median: what troubles the machine in
 * one round troubles both. Null when no round has both, or in one of them a ratio says nothing: to
 * zero, or of a cost that is below zero because another was taken off it.
 */
export function medianRatio(rounds: readonly Round[], mine: string, theirs: string): number | null {
  const ratios = rounds.flatMap((round) => {
    const above = round[mine];
    const below = round[theirs];
    return above === undefined || below === undefined
      ? []
      : [above >= 0 && below > 0 ? above / below : Number.NaN];
  });
  return ratios.length === 0 || ratios.some(Number.isNaN) ? null : median(ratios);
}

/** The longest stretch without an event between `from` and `to`, both ends included. */
export function longestGap(events: readonly number[], from: number, to: number): number {
  let last = from;
  let longest = 0;
  for (const at of [...events, to]) {
    longest = Math.max(longest, at - last);
    last = at;
  }
  return longest;
}

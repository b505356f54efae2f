// The order in which a pool's backends take their turns, worked out when weights or eligibility
// change and then only read.

export type Member = {
  readonly slot: number;
  /** A whole number above 0. */
  readonly weight: number;
  /** The hash of its endpoint. */
  readonly seed: number;
};

export type Schedule = {
  readonly members: readonly Member[];
  /** Members by their index: each as often as its weight says (reduced by the common divisor), spread
   *  evenly. */
  readonly turns: Uint16Array;
};

/** Longer ones take tens of milliseconds to work out: above, weights are rounded. */
const MAX_TURNS = 65_536;

export function buildSchedule(members: readonly Member[]): Schedule {
  const common = members.reduce((sum, member) => gcd(sum, member.weight), 0);
  const total = members.reduce((sum, member) => sum + member.weight, 0);
  const divisor = Math.max(common, total / MAX_TURNS);
  const deadlines = members.flatMap((member, index) => {
    const count = Math.max(1, Math.round(member.weight / divisor));
    // Its k-th turn is due at (k + ½) / count of the round: no member waits longer than it must.
    return Array.from({ length: count }, (_, k) => ({ due: (k + 0.5) / count, index }));
  });
  deadlines.sort((a, b) => a.due - b.due || a.index - b.index);
  const turns = Uint16Array.from(deadlines, ({ index }) => index);
  return { members, turns };
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

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

/** Above, weights are rounded: the longest takes some milliseconds to work out. */
const MAX_TURNS = 65_536;
export function buildSchedule(members: readonly Member[]): Schedule {
  let turns: Uint16Array | null = null;
  return {
    members,
    // Most methods never ask.
    get turns() {
      turns ??= takeTurns(members);
      return turns;
    },
  };
}

function takeTurns(members: readonly Member[]): Uint16Array {
  const common = members.reduce((sum, member) => gcd(sum, member.weight), 0);
  const total = members.reduce((sum, member) => sum + member.weight, 0);
  const divisor = Math.max(common, total / MAX_TURNS);
  const counts = members.map(({ weight }) => Math.max(1, Math.round(weight / divisor)));
  const length = counts.reduce((sum, count) => sum + count, 0);
  // A member's k-th turn is due at (k + ½) / count of the round, so that it never waits longer than it
  // must. The round has a moment for each turn; turns that are due in one moment are in the members'
  // order. Sorting them would take too long for weights that change every second.
  const momentOf = (k: number, count: number) => Math.floor(((k + 0.5) / count) * length);
  const places = new Uint32Array(length + 1);
  for (const count of counts) {
    for (let k = 0; k < count; k++) {
      const next = momentOf(k, count) + 1;
      places[next] = (places[next] ?? 0) + 1;
    }
  }
  for (let moment = 0; moment < length; moment++) {
    places[moment + 1] = (places[moment + 1] ?? 0) + (places[moment] ?? 0);
  }
  const turns = new Uint16Array(length);
  for (const [index, count] of counts.entries()) {
    for (let k = 0; k < count; k++) {
      const moment = momentOf(k, count);
      const place = places[moment] ?? 0;
      turns[place] = index;
      places[moment] = place + 1;
    }
  }
  return turns;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

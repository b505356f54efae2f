// Whether a backend is up, from its checks: consecutive results, each of which resets the opposite
// count. Pure.

export type Health = "unknown" | "up" | "down";

type Thresholds = {
  /** Checks in a row that must pass until a backend that is down is up. */
  readonly rise: number;
  /** Checks in a row that must fail until it is down. */
  readonly fall: number;
};

export type Track = {
  readonly health: Health;
  readonly passes: number;
  readonly failures: number;
};

export const untracked: Track = { health: "unknown", passes: 0, failures: 0 };

/** A backend of which nothing is known yet is up with its first pass. */
export function track(before: Track, isPass: boolean, { rise, fall }: Thresholds): Track {
  const passes = isPass ? before.passes + 1 : 0;
  const failures = isPass ? 0 : before.failures + 1;
  const needed = before.health === "unknown" ? 1 : rise;
  if (passes >= needed) return { health: "up", passes, failures };
  if (failures >= fall) return { health: "down", passes, failures };
  return { health: before.health, passes, failures };
}

/** The last results speak against the present state: the next ones decide, and should come soon. */
export function isUndecided({ health, passes, failures }: Track): boolean {
  return health === "unknown" || (health === "up" ? failures > 0 : passes > 0);
}

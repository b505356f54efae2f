// Which backends of a pool may take clients, from their health bits and the pool's rules. Pure.
import {
  DRAINING,
  EJECTED,
  EXPECTED,
  isEligible,
  PROBE_DOWN,
  PROBE_UP,
  type ServingRules,
  UNRESOLVED,
} from "../../shared/health-bits.ts";

/**
 * - `eligible`: those that may be picked
 * - `unasked`: none, but the first checks of some are still under way
 * - `ejected`: those whose checks pass but whose dials failed: better than nobody
 * - `failing-open`: all that do not drain, though none of them is well
 * - `expected`: none, but one that was up a moment ago may be back soon
 * - `nobody`: none
 */
export type Serving = "eligible" | "unasked" | "ejected" | "failing-open" | "expected" | "nobody";

/** `bits` are the health words of the backends that have a weight. */
export function servingOf(bits: readonly number[], rules: ServingRules): Serving {
  const { failsOpen, tellsRole } = rules;
  if (bits.some((word) => mayServe(word, "eligible", rules))) return "eligible";
  if (tellsRole && bits.some(isUnasked)) return "unasked";
  if (!failsOpen && bits.some((word) => mayServe(word, "ejected", rules))) return "ejected";
  if (failsOpen && bits.some(isReachable)) return "failing-open";
  return bits.some(isExpected) ? "expected" : "nobody";
}

/** Is a backend one of those that serve? */
export function mayServe(bits: number, serving: Serving, { tellsRole }: ServingRules): boolean {
  switch (serving) {
    case "eligible":
      return isEligible(bits) && (!tellsRole || (bits & PROBE_UP) !== 0);
    case "ejected":
      return mayServe(bits & ~EJECTED, "eligible", { failsOpen: false, tellsRole });
    case "failing-open":
      return isReachable(bits);
    case "unasked":
    case "expected":
    case "nobody":
      return false;
    default:
      return serving satisfies never;
  }
}

/** Is a backend expected back, that is marked down? */
export function isExpected(bits: number): boolean {
  return (bits & EXPECTED) !== 0 && isReachable(bits);
}

function isReachable(bits: number): boolean {
  return (bits & (DRAINING | UNRESOLVED)) === 0;
}

function isUnasked(bits: number): boolean {
  return isReachable(bits) && (bits & (PROBE_UP | PROBE_DOWN)) === 0;
}

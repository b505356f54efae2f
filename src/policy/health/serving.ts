// Which backends of a pool may take clients, from their health bits and the pool's rules. Pure.
import {
  DRAINING,
  EJECTED,
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
 * - `nobody`: none
 */
export type Serving = "eligible" | "unasked" | "ejected" | "failing-open" | "nobody";

/** `bits` are the health words of the backends that have a weight. */
export function servingOf(bits: readonly number[], rules: ServingRules): Serving {
  const { failsOpen, tellsRole } = rules;
  if (bits.some((word) => mayServe(word, "eligible", rules))) return "eligible";
  if (tellsRole && bits.some(isUnasked)) return "unasked";
  if (!failsOpen && bits.some((word) => mayServe(word, "ejected", rules))) return "ejected";
  return failsOpen && bits.some(isReachable) ? "failing-open" : "nobody";
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
    case "nobody":
      return false;
    default:
      return serving satisfies never;
  }
}

function isReachable(bits: number): boolean {
  return (bits & (DRAINING | UNRESOLVED)) === 0;
}

function isUnasked(bits: number): boolean {
  return isReachable(bits) && (bits & (PROBE_UP | PROBE_DOWN)) === 0;
}

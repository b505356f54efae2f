// A backend's health word: its bits, and what they come to.

/** Bits of a backend's health word. Neither probe bit: unknown. */
export const PROBE_UP = 1;
export const PROBE_DOWN = 2;
export const EJECTED = 4;
export const DRAINING = 8;
export const UNRESOLVED = 16;
/** It was up a moment ago and refuses connections now: it may be restarting. */
export const EXPECTED = 32;

export type BackendState = "up" | "down" | "ejected" | "draining" | "unresolved" | "unknown";

/** A pool's rules for backends that are not known to be well. */
export type ServingRules = {
  /** While no backend is eligible, all are tried that do not drain. */
  readonly failsOpen: boolean;
  /** Checks tell a role: a backend that was not asked yet is not eligible. */
  readonly tellsRole: boolean;
};

/** The state that people see; the first that holds. */
export function backendState(bits: number): BackendState {
  if (bits & DRAINING) return "draining";
  if (bits & UNRESOLVED) return "unresolved";
  if (bits & PROBE_DOWN) return "down";
  if (bits & EJECTED) return "ejected";
  return bits & PROBE_UP ? "up" : "unknown";
}

/** May it be picked? Unknown may. */
export function isEligible(bits: number): boolean {
  return (bits & (DRAINING | UNRESOLVED | PROBE_DOWN | EJECTED)) === 0;
}

// Times of HAProxy's: a number of milliseconds, or one with a unit.
import { LONGEST_MS } from "../draft/durations.ts";

const MS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds, at least 1 unless it is 0; null: no time. */
export function parseTime(text: string | undefined, unit = "ms"): number | null {
  const [, digits, written] = /^(\d{1,12})(us|ms|s|m|h|d)?$/.exec(text ?? "") ?? [];
  if (digits === undefined) return null;
  const ms = Number(digits) * (MS[written ?? unit] ?? 1);
  return ms === 0 ? 0 : Math.min(Math.max(Math.round(ms), 1), LONGEST_MS);
}

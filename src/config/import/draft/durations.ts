// Times as bal's config has them.
import { formatDuration } from "../../../base/units.ts";

/** The longest that a config may say. */
export const LONGEST_MS = 480 * 3_600_000;

/** 0 is off. */
export function durationText(ms: number): string | number {
  return ms === 0 ? 0 : formatDuration(ms);
}

// Numbers over time in a few characters: `▁▂▅█▃`.

const BARS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** The newest `width` of them, from nothing to the largest; null is a gap. */
export function sparkline(values: readonly (number | null)[], width: number): string {
  const shown = values.slice(-width);
  const most = Math.max(0, ...shown.map((value) => value ?? 0));
  return shown.map((value) => (value === null ? " " : barOf(value, most))).join("");
}

// Only nothing at all is as low as it can be.
function barOf(value: number, most: number): string {
  if (value <= 0) return BARS[0] ?? "";
  const steps = BARS.length - 1;
  return BARS[Math.max(1, Math.round((value / most) * steps))] ?? "";
}

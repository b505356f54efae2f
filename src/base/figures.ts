// Numbers as people read them at a glance: three digits and a unit. For config values, which must read
// back the same, see units.ts.

const NONE = "-";

/** `0`, `9999`, `10.2k`, `1.23M` */
export function countFigure(value: number): string {
  if (value < 10_000) return String(Math.round(value));
  return scaled(value, { step: 1000, units: ["", "k", "M", "G", "T", "P"] });
}

/** `0 B`, `512 B`, `1.20 KiB`, `34.5 MiB` */
export function sizeFigure(bytes: number): string {
  const units = [" B", " KiB", " MiB", " GiB", " TiB", " PiB"];
  return scaled(bytes, { step: 1024, units });
}

/** `0`, `0.3`, `12.5`, `340`; null: `-` */
export function rateFigure(perSecond: number | null): string {
  if (perSecond === null) return NONE;
  if (perSecond === 0) return "0";
  return perSecond < 99.95 ? Math.max(0.1, perSecond).toFixed(1) : countFigure(perSecond);
}

/** `1.20 MiB/s`; null: `-` */
export function sizeRateFigure(bytesPerSecond: number | null): string {
  if (bytesPerSecond === null) return NONE;
  return bytesPerSecond < 0.5 ? "0" : `${sizeFigure(bytesPerSecond)}/s`;
}

/** `0.4 ms`, `12 ms`, `1.25 s`; null: `-` */
export function delayFigure(ms: number | null): string {
  if (ms === null) return NONE;
  if (ms < 9.95) return `${Number(ms.toFixed(1))} ms`;
  return ms < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

/** `42s`, `3m`, `5h`, `12d` */
export function ageFigure(seconds: number): string {
  if (seconds < 99.5) return `${Math.max(0, Math.round(seconds))}s`;
  if (seconds < 5970) return `${Math.round(seconds / 60)}m`;
  if (seconds < 171_000) return `${Math.round(seconds / 3600)}h`;
  return `${Math.round(seconds / 86_400)}d`;
}

/** Since an instant in ISO 8601. A clock that was set back makes it no less than nothing. */
export function ageSince(time: string, nowMs: number): string {
  return ageFigure((nowMs - Date.parse(time)) / 1000);
}

/** `1 worker`, `2 workers` */
export function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

type Scale = { readonly step: number; readonly units: readonly string[] };

function scaled(value: number, { step, units }: Scale): string {
  let rest = value;
  let index = 0;
  // 999.5 would be written with four digits.
  while (rest >= (index === 0 ? step : 999.5) && index < units.length - 1) {
    rest /= step;
    index++;
  }
  const unit = units[index] ?? "";
  if (index === 0) return `${Math.round(rest)}${unit}`;
  const decimals = rest < 9.995 ? 2 : rest < 99.95 ? 1 : 0;
  return `${rest.toFixed(decimals)}${unit}`;
}

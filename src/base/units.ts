// Durations and sizes as people write them.

const MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** `250ms`, `5s`, `1.5m`, `1h`, `14d`, or 0. Whole milliseconds; null when it is none. */
export function parseDuration(text: string): number | null {
  return parseQuantity(text, MS);
}

/** `64KiB`, `1MiB`, `512B`, or 0. Whole bytes; null when it is none. */
export function parseSize(text: string): number | null {
  return parseQuantity(text, BYTES);
}

/** In the largest unit that leaves a whole number: `90s`, `2m`, `250ms`. */
export function formatDuration(ms: number): string {
  return formatQuantity(ms, MS);
}

export function formatSize(bytes: number): string {
  return formatQuantity(bytes, BYTES);
}

/** So many in a time. */
export type Rate = { readonly count: number; readonly windowMs: number };

/** `500/s`, `30/10s`, `100/m`; null when it is none. */
export function parseRate(text: string): Rate | null {
  const [, digits, time = ""] = /^(\d{1,9})\/(\S+)$/.exec(text) ?? [];
  const windowMs = parseDuration(/^\d/.test(time) ? time : `1${time}`);
  if (digits === undefined || windowMs === null || windowMs === 0) return null;
  return { count: Number(digits), windowMs };
}

/** `500/s`, `30/10s`; 0 for none. */
export function formatRate({ count, windowMs }: Rate): string | 0 {
  if (count === 0) return 0;
  return `${count}/${windowMs === 1000 ? "s" : formatDuration(windowMs)}`;
}

function parseQuantity(text: string, units: Readonly<Record<string, number>>): number | null {
  if (text === "0") return 0;
  const [, whole, fraction = "", unit] = /^(\d+)(?:\.(\d+))?([a-zA-Z]+)$/.exec(text) ?? [];
  if (whole === undefined || unit === undefined || !Object.hasOwn(units, unit)) return null;
  // In whole numbers: 8.2 × 60,000 is 491,999.99… to a float.
  const scaled = Number(whole + fraction) * (units[unit] ?? 0);
  const parts = 10 ** fraction.length;
  return Number.isSafeInteger(scaled) && scaled % parts === 0 ? scaled / parts : null;
}

function formatQuantity(value: number, units: Readonly<Record<string, number>>): string {
  if (value === 0) return "0";
  const fitting = Object.entries(units).filter(([, size]) => value % size === 0);
  const [unit, size] = fitting.at(-1) ?? ["", 1];
  return `${value / size}${unit}`;
}

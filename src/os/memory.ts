// Memory that this thread's runtime keeps for later.

const LATER_MS = 1000;

let later: Timer | null = null;

/** Collects garbage and gives free pages back. It takes some milliseconds, in which this thread does
 *  nothing else. Calls for when little is left to do: what was compiled is compiled again when it is needed. */
export function trimMemory(): void {
  Bun.gc(true);
  // Deprecated, and the only way to what the collector keeps: 6 of 25 MiB (Bun 1.4.5).
  Bun.shrink();
}

/** The same when for a second nobody has asked for it: after a start or a reload, whose code and garbage
 *  nobody needs for long (11.3 MiB are left of 13.1, with one worker). Keeps no process alive. */
export function trimMemoryLater(): void {
  if (later !== null) clearTimeout(later);
  later = setTimeout(trimMemory, LATER_MS).unref();
}

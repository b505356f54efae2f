// When a thread that was lost is started again.

const MAX_RESTART_MS = 30_000;
/** A thread that has served so long ended by an accident of its own: its restart is at once again. */
export const SETTLED_MS = 60_000;

/** At once, then 1, 2, 4 … 30 s. */
export function restartDelayMs(restarts: number): number {
  return restarts === 0 ? 0 : Math.min(1000 * 2 ** (restarts - 1), MAX_RESTART_MS);
}

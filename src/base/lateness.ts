// A thread that was late (the machine was suspended, or busy) has not read its sockets for as long. What they
// hold comes before a deadline that passed meanwhile, so that deadlines are examined once the sockets are read.

/** How many periods late is late. */
const LATE_PERIODS = 3;
/** In that time a thread that is back has read its sockets. */
const READ_MS = 50;

/** For what comes once a period: does it come so late that it should decide nothing this time? */
export class Lateness {
  private readonly periodMs: number;
  private lastMs: number;
  private wasLate = false;

  constructor(periodMs: number, nowMs: number) {
    this.periodMs = periodMs;
    this.lastMs = nowMs;
  }

  /** Never twice in a row: a thread that is always late still keeps its deadlines. */
  isLate(nowMs: number): boolean {
    const isLate = nowMs - this.lastMs > LATE_PERIODS * this.periodMs;
    this.lastMs = nowMs;
    this.wasLate = isLate && !this.wasLate;
    return this.wasLate;
  }
}

/** Calls `passed` when the time is over, and the sockets were read since. @returns what cancels it */
export function deadlineIn(ms: number, passed: () => void): () => void {
  const dueAtMs = performance.now() + ms;
  let timer = setTimeout(() => {
    if (performance.now() - dueAtMs < READ_MS) return passed();
    timer = setTimeout(passed, READ_MS);
  }, ms);
  return () => clearTimeout(timer);
}

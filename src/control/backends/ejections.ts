// Passive ejection, the control plane's side: a worker has set a backend's ejected bit; this says
// when it is cleared. 1 s, doubling to 30 s; then a check that failed before is made again, so that
// the trial is a check and not a client. A passing check ends the first one at once but keeps the
// step: a backend that passes its checks and fails its dials is out ever longer. A quiet minute
// forgets the step.

import type { Board } from "../../shared/board.ts";
import { EJECTED } from "../../shared/health-bits.ts";

type EjectionsOptions = {
  /** The bit was cleared. */
  readonly onEnd: (slot: number) => void;
  /** Its time is over. False: a check speaks against it, and is made again now. */
  readonly mayEnd: (slot: number) => boolean;
  readonly random?: () => number;
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number;
};

const FIRST_MS = 1000;
const LONGEST_MS = 30_000;
const JITTER = 0.2;
const FORGET_MS = 60_000;

type Ejection = {
  step: number;
  timer: Timer | null;
  endsAtMs: number;
  endedAtMs: number;
  /** Its time is over, but a check speaks against the backend. */
  isOverdue: boolean;
};

/** One that is under way, as another process may go on with it. */
export type RunningEjection = {
  readonly step: number;
  /** How much longer. */
  readonly forMs: number;
};

export class Ejections {
  private readonly board: Board;
  private readonly options: EjectionsOptions;
  private readonly bySlot = new Map<number, Ejection>();

  constructor(board: Board, options: EjectionsOptions) {
    this.board = board;
    this.options = options;
  }

  /** Returns how long it lasts, in milliseconds. */
  ejected(slot: number): number {
    const { random = Math.random } = this.options;
    const before = this.bySlot.get(slot);
    if (before?.timer) clearTimeout(before.timer);
    const isForgotten = before === undefined || this.now() - before.endedAtMs >= FORGET_MS;
    const step = isForgotten ? 0 : before.step + 1;
    const baseMs = Math.min(FIRST_MS * 2 ** step, LONGEST_MS);
    const lastsMs = baseMs * (1 - JITTER + 2 * JITTER * random());
    this.resume(slot, { step, forMs: lastsMs });
    return lastsMs;
  }

  /** Null: it is not ejected. */
  running(slot: number): RunningEjection | null {
    const ejection = this.bySlot.get(slot);
    if (ejection === undefined || ejection.timer === null) return null;
    return { step: ejection.step, forMs: Math.max(0, ejection.endsAtMs - this.now()) };
  }

  /** The backend's bit is set. */
  resume(slot: number, { step, forMs }: RunningEjection): void {
    const endsAtMs = this.now() + forMs;
    const endedAtMs = Number.POSITIVE_INFINITY;
    const ejection: Ejection = { step, timer: null, endsAtMs, endedAtMs, isOverdue: false };
    ejection.timer = setTimeout(() => this.elapsed(slot, ejection), forMs);
    this.bySlot.set(slot, ejection);
  }

  /** A check has passed where clients are dialled. */
  passedCheck(slot: number): void {
    const ejection = this.bySlot.get(slot);
    if (ejection === undefined) return;
    if (ejection.step === 0 || ejection.isOverdue) this.end(slot, ejection);
  }

  /** The slot is somebody else's now. */
  forget(slot: number): void {
    const timer = this.bySlot.get(slot)?.timer;
    if (timer) clearTimeout(timer);
    this.bySlot.delete(slot);
  }

  stop(): void {
    for (const slot of [...this.bySlot.keys()]) this.forget(slot);
  }

  private elapsed(slot: number, ejection: Ejection): void {
    if (this.options.mayEnd(slot)) return this.end(slot, ejection);
    ejection.isOverdue = true;
    ejection.timer = setTimeout(() => this.elapsed(slot, ejection), FIRST_MS);
  }

  private end(slot: number, ejection: Ejection): void {
    if (ejection.timer === null) return;
    clearTimeout(ejection.timer);
    ejection.timer = null;
    ejection.endedAtMs = this.now();
    // Else the next dial that fails would be enough.
    this.board.clearDialFailures(slot);
    this.board.changeHealth(slot, 0, EJECTED);
    this.options.onEnd(slot);
  }

  private now(): number {
    return (this.options.now ?? performance.now.bind(performance))();
  }
}

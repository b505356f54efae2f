// A balancing method is a pure function of the schedule and the moment's facts.
import type { Schedule } from "./schedule.ts";

export type Facts = {
  /** The pool's next number; consecutive over all workers. */
  readonly draw: () => number;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  /** May it be picked now? Not one that this client was tried on, nor one that is full. */
  readonly isOpen: (slot: number) => boolean;
  /** Sessions on a backend now, dials included. */
  readonly load: (slot: number) => number;
  /** The time that connections to it have taken lately, in milliseconds; 0: not known. */
  readonly timeMs: (slot: number) => number;
  /** The hash of the client's address; 0 where no method asks. */
  readonly key: number;
  /** How much more than its share a hashed backend may have, in percent of it; 0: no bound. */
  readonly boundPercent: number;
};

/** The slot of the backend to use, −1 when none is open. */
export type Balancer = (schedule: Schedule, facts: Facts) => number;

// What a balancing method is: a pure function of the schedule and the moment's facts.
import type { Schedule } from "./schedule.ts";

export type Facts = {
  /** The pool's next number; consecutive over all workers. */
  readonly ticket: number;
  /** Sessions on a backend now; Infinity where it must not be picked again. */
  readonly load: (slot: number) => number;
};

/** The slot of the backend to use. The schedule has at least one member. */
export type Balancer = (schedule: Schedule, facts: Facts) => number;

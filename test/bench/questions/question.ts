// A question is asked of every rival, round after round; its answers are figures.
import type { Run } from "../run.ts";

export type Figure = {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly lowerIsBetter: boolean;
};

/** By the figure's name. Those that don't apply are left out: of no balancer there is no CPU time. */
export type Readings = Readonly<Record<string, number>>;

export interface Question {
  readonly name: string;
  readonly title: string;
  /** What must be known to read its figures. */
  readonly notes: readonly string[];
  readonly figures: readonly Figure[];
  /** Programs that it needs on PATH; see ../programs.ts. */
  readonly programs: readonly string[];
  /** Whether there is anything to measure without a balancer. */
  readonly isForDirect: boolean;
  /** Starts backend and rival, measures, stops them. Throws when the rival does not serve. */
  ask(run: Run): Promise<Readings>;
}

// Asks one question of all rivals, round after round: A B C A B C, so that a slow minute of the
// machine is every rival's.
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Progress } from "./progress.ts";
import type { Question, Readings } from "./questions/question.ts";
import { Declined, type Method, type Rival } from "./rivals/rival.ts";
import { Run } from "./run.ts";

export type Measurement = {
  readonly round: number;
  readonly rival: string;
  readonly readings: Readings;
  /** What went wrong; the readings are empty then. */
  readonly failure: string | null;
};

export type Answer = {
  readonly question: Question;
  readonly measurements: readonly Measurement[];
};

type Options = {
  readonly question: Question;
  readonly rivals: readonly Rival[];
  readonly rounds: number;
  readonly workers: number;
  readonly method: Method;
  readonly isQuick: boolean;
  readonly seconds: number;
  readonly folder: string;
  readonly progress: Progress;
};

/** Those that the question makes sense for. */
export function askedOf(question: Question, rivals: readonly Rival[]): readonly Rival[] {
  return rivals.filter(({ isBalancer }) => isBalancer || question.isForDirect);
}

export async function askAll(options: Options): Promise<Answer> {
  const { question, rounds, progress } = options;
  const measurements: Measurement[] = [];
  const declined = new Set<Rival>();
  for (let round = 1; round <= rounds; round++) {
    for (const rival of askedOf(question, options.rivals)) {
      progress.begin(`${question.name}, round ${round} of ${rounds}: ${rival.name}`);
      if (declined.has(rival)) continue;
      const measurement = await measure(rival, round, options);
      if (measurement === null) {
        declined.add(rival);
        progress.say(`left out, it has no such feature: ${question.name}, ${rival.name}`);
        continue;
      }
      measurements.push(measurement);
      const { failure } = measurement;
      if (failure !== null) progress.say(`FAILED ${question.name}, ${rival.name}: ${failure}`);
    }
  }
  return { question, measurements };
}

/** Null: the rival does not have what the question is about. */
async function measure(rival: Rival, round: number, options: Options): Promise<Measurement | null> {
  const { question } = options;
  const folder = mkdtempSync(join(options.folder, `${question.name}-`));
  const of = { round, rival: rival.name };
  try {
    const readings = await question.ask(new Run({ ...options, rival, folder }));
    return { ...of, readings, failure: null };
  } catch (error) {
    if (error instanceof Declined) return null;
    return { ...of, readings: {}, failure: error instanceof Error ? error.message : `${error}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

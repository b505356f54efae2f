// A whole run, and the file with all its rounds.
import { writeFileSync } from "node:fs";
import type { Machine } from "../machine.ts";
import type { Answer } from "../rounds.ts";
import { rowsOf } from "./summary.ts";

export type Results = {
  readonly startedAt: string;
  readonly command: string;
  readonly machine: Machine;
  /** Of rivals and loads, by name. */
  readonly versions: Readonly<Record<string, string>>;
  readonly rivals: readonly string[];
  readonly rounds: number;
  readonly workers: number;
  readonly method: string;
  readonly answers: readonly Answer[];
};

export function writeJson(file: string, results: Results): void {
  const { answers, ...head } = results;
  const questions = answers.map((answer) => {
    const { name, title, notes } = answer.question;
    return {
      name,
      title,
      notes,
      summary: rowsOf(answer, results.rivals),
      measurements: answer.measurements,
    };
  });
  writeFileSync(file, `${JSON.stringify({ ...head, questions }, null, 2)}\n`);
}

// What the rounds of a question come to: for each figure and rival the median, the spread, and what
// bal is to it. Pure.
import type { Figure } from "../questions/question.ts";
import type { Answer } from "../rounds.ts";
import { medianRatio, type Round, type Spread, spread } from "../statistics.ts";

/** The one that the others are compared with. */
export const SUBJECT = "bal";

export type Cell = {
  readonly rival: string;
  /** Null: it was not asked, it has no such figure, or all its rounds failed. */
  readonly spread: Spread | null;
  /** The median over the rounds of bal / rival. */
  readonly ratio: number | null;
  readonly failures: number;
};

export type Row = { readonly figure: Figure; readonly cells: readonly Cell[] };

/** Figures that nobody read are left out: not each run measures all. */
export function rowsOf({ question, measurements }: Answer, rivals: readonly string[]): Row[] {
  const rows = question.figures.map((figure): Row => {
    const rounds = roundsOf(measurements, figure.name);
    const cells = rivals.map((rival): Cell => {
      const values = rounds.flatMap((round) => round[rival] ?? []);
      const ratio = rival === SUBJECT ? null : medianRatio(rounds, SUBJECT, rival);
      const failures = measurements.filter((one) => one.rival === rival && one.failure !== null);
      return { rival, spread: spread(values), ratio, failures: failures.length };
    });
    return { figure, cells };
  });
  return rows.filter(({ cells }) => cells.some((cell) => cell.spread !== null));
}

function roundsOf(measurements: Answer["measurements"], figure: string): Round[] {
  const rounds = new Map<number, Record<string, number>>();
  for (const { round, rival, readings } of measurements) {
    const value = readings[figure];
    if (value !== undefined) rounds.set(round, { ...rounds.get(round), [rival]: value });
  }
  return [...rounds.values()];
}

/** Three digits that count. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en-US");
  if (size >= 10) return value.toFixed(1);
  return size === 0 ? "0" : value.toFixed(size >= 1 ? 2 : 3);
}

export function titleOf({ title, unit }: Figure): string {
  return title === "" ? unit : `${title}: ${unit}`;
}

export function direction({ lowerIsBetter }: Figure): string {
  return lowerIsBetter ? "less is better" : "more is better";
}

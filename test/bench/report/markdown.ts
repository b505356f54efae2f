// A whole run as a Markdown table, with all that is needed to judge it and to repeat it.
import { describe } from "../machine.ts";
import type { Answer } from "../rounds.ts";
import type { Results } from "./results.ts";
import { type Cell, digits, direction, type Row, rowsOf, SUBJECT } from "./summary.ts";

export function markdownTable(results: Results): string {
  const { rivals, answers, rounds, workers } = results;
  return [
    `Medians of ${rounds} interleaved rounds (smallest to largest), ${workers} worker(s) each. ×: what`,
    `${SUBJECT} is to it, the median of the ratios within each round.`,
    "",
    `| |${rivals.map((rival) => ` ${rival} |`).join("")}`,
    `|---|${"---:|".repeat(rivals.length)}`,
    ...answers.flatMap((answer) => section(answer, rivals)),
    "",
    ...conditions(results),
    "",
  ].join("\n");
}

function section(answer: Answer, rivals: readonly string[]): string[] {
  const rows = rowsOf(answer, rivals);
  const head = `| **${titleOf(answer)}** |${" |".repeat(rivals.length)}`;
  return rows.length === 0 ? [] : [head, ...rows.map(rowLine)];
}

function titleOf({ question: { title } }: Answer): string {
  return `${title[0]?.toUpperCase()}${title.slice(1)}`;
}

function rowLine({ figure, cells }: Row): string {
  const what = figure.title === "" ? figure.unit : `${figure.title}: ${figure.unit}`;
  return `| ${what}, ${direction(figure)} |${cells.map((cell) => ` ${cellText(cell)} |`).join("")}`;
}

function cellText({ spread, ratio, failures }: Cell): string {
  if (spread === null) return failures > 0 ? "failed" : "";
  const range = `${digits(spread.median)} (${digits(spread.min)} to ${digits(spread.max)})`;
  return ratio === null ? range : `${range} **×${ratio.toFixed(2)}**`;
}

function conditions({ machine, versions, startedAt, command, answers }: Results): string[] {
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`.trim());
  return [
    `${startedAt.slice(0, 10)}, ${describe(machine)}. ${names.join(", ")}.`,
    "",
    ...answers.map((answer) => `- ${titleOf(answer)}: ${answer.question.notes.join(" ")}`),
    "",
    "To repeat it:",
    "",
    "```sh",
    command,
    "```",
  ];
}

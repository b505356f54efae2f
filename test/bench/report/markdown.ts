// A whole run as Markdown: a table for each question, and all that is needed to judge it and to
// repeat it.
import { describe } from "../machine.ts";
import type { Answer } from "../rounds.ts";
import type { Results } from "./results.ts";
import { type Cell, digits, direction, type Row, rowsOf, SUBJECT, titleOf } from "./summary.ts";

export function markdownTables(results: Results): string {
  const { rivals, answers, rounds, workers } = results;
  return [
    `Medians of ${rounds} interleaved rounds (smallest to largest), ${workers} worker(s) each. ×: the figure`,
    `of ${SUBJECT} divided by this one, the median of the ratios within each round.`,
    "",
    ...answers.flatMap((answer) => section(answer, rivals)),
    ...conditions(results),
    "",
  ].join("\n");
}

function section(answer: Answer, rivals: readonly string[]): string[] {
  const { title, notes } = answer.question;
  const rows = rowsOf(answer, rivals);
  if (rows.length === 0) return [];
  const heads = rows.map(({ figure }) => ` ${titleOf(figure)}, ${direction(figure)} |`);
  return [
    `### ${title[0]?.toUpperCase()}${title.slice(1)}`,
    "",
    notes.join(" "),
    "",
    `| |${heads.join("")}`,
    `|---|${"---:|".repeat(rows.length)}`,
    ...rivals.flatMap((rival) => rivalLine(rival, rows)),
    "",
  ];
}

/** None where it was not asked. */
function rivalLine(rival: string, rows: readonly Row[]): string[] {
  const cells = rows.map((row) => row.cells.find((cell) => cell.rival === rival));
  const texts = cells.map((cell) => (cell === undefined ? "" : cellText(cell)));
  if (texts.every((text) => text === "")) return [];
  const name = rival === SUBJECT ? `**${rival}**` : rival;
  return [`| ${name} |${texts.map((text) => ` ${text} |`).join("")}`];
}

function cellText({ spread, ratio, failures }: Cell): string {
  if (spread === null) return failures > 0 ? "failed" : "";
  const range = `${digits(spread.median)} (${digits(spread.min)} to ${digits(spread.max)})`;
  return ratio === null ? range : `${range} **×${ratio.toFixed(2)}**`;
}

function conditions({ machine, versions, startedAt, command }: Results): string[] {
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`.trim());
  return [
    `${startedAt.slice(0, 10)}, ${describe(machine)}. ${names.join(", ")}.`,
    "",
    "To repeat it:",
    "",
    "```sh",
    command,
    "```",
  ];
}

// The table of docs/check.md: each warning with its code.
import { WARNINGS } from "../../src/config/warnings.ts";

const [BEGIN, END] = ["<!-- warnings -->\n", "<!-- end -->\n"];

export function withWarnings(page: string): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END, from);
  if (from < 0 || to < 0) throw new Error("the page has no place for the table of warnings");
  const rows = Object.entries(WARNINGS).map(([code, text]) => `| \`${code}\` | ${text} |\n`);
  const table = `\n| code | is about |\n| --- | --- |\n${rows.join("")}\n`;
  return page.slice(0, from) + BEGIN + table + page.slice(to);
}

// Tables of configs with what is warned of in each.
import { expect, test } from "bun:test";
import { type Expected, expectFindings, parse } from "./findings.ts";

type Row = readonly [text: string, ...warnings: Expected[]];

/** They are all the warnings there are, and none of them makes the file wrong. */
export function warns(rows: readonly Row[]): void {
  const named = rows.map(([text, ...all]) => [text.replaceAll("\n", " ⏎ "), text, all] as const);
  test.each(named)("%s", (_, text, warnings) => {
    const result = parse(text);
    expect(result.kind).toBe("valid");
    expectFindings(result.warnings, warnings);
  });
}

// Tables of mistakes in a config: each is told where it was made, once, with what to write.
import { expect, test } from "bun:test";
import { type Expected, errorsOf, expectFindings, parse } from "./findings.ts";

export type Mistake = readonly [name: string, text: string, ...errors: Expected[]];

/** Two backends, against which nothing can be said. */
export const BACKENDS = `backends:
  - {host: 10.0.0.1, port: 443}
  - {host: 10.0.0.2, port: 443}
`;

/** Warnings beside them would tell the same mistake twice. */
export function tellsOnce(mistakes: readonly Mistake[]): void {
  test.each(mistakes.map((row) => [row[0], row] as const))("%s", (_, [, text, ...errors]) => {
    const result = parse(text);
    expectFindings(errorsOf(result), errors);
    expect(result.warnings).toEqual([]);
  });
}

// `# bal: allow CODE`: warnings that are meant to be so.
import { describe, expect, test } from "bun:test";
import { expectFindings, parse } from "../support/findings.ts";

function codesOf(text: string): readonly string[] {
  const result = parse(text);
  expect(result.kind).toBe("valid");
  return result.warnings.map(({ code }) => code);
}

const ONE = "{host: 10.0.0.1, port: 1}";

describe("a comment that allows a warning", () => {
  test.each([
    [`backends: [${ONE}]`, ["one-backend"]],
    [`backends: [${ONE}] # bal: allow one-backend`, []],
    [`# bal: allow one-backend\nbackends: [${ONE}]`, []],
    [`backends: # bal: allow one-backend\n  - ${ONE}`, []],
    [`backends:\n  - ${ONE} #bal:allow one-backend`, []],
    [`backends: [${ONE}] # bal: allow unused-pool, one-backend`, []],
    [`port: 1 # bal: allow one-backend\nbackends: [${ONE}]`, ["one-backend"]],
    [`backends: [${ONE}]\n# bal: allow one-backend`, ["one-backend"]],
    [`backends: [${ONE}] # bal: allow unused-pool`, ["one-backend"]],
    [
      `health_check: {type: exchange, send: "# bal: allow one-backend"}\nbackends: [${ONE}]`,
      ["one-backend"],
    ],
  ])("%j leaves %j", (text, left) => {
    expect(codesOf(text)).toEqual(left as string[]);
  });

  test("names one that there is", () => {
    const result = parse(`backends: [${ONE}] # bal: allow one-bakend`);
    expectFindings(result.warnings, [
      ["1:11", "backends", "one-backend"],
      [
        "1:52",
        "",
        "unknown-code",
        "no warning with the code `one-bakend`",
        "did you mean `one-backend`?",
      ],
    ]);
  });

  test("allows no error", () => {
    const result = parse(
      `prot: 1 # bal: allow unknown-key\nbackends: [${ONE}] # bal: allow one-backend`,
    );
    expect(result.kind).toBe("invalid");
    expectFindings(result.warnings, [["1:22", "", "unknown-code"]]);
  });
});

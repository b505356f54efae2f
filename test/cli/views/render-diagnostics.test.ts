// How findings look: to people, to scripts, to GitHub.
import { expect, test } from "bun:test";
import {
  renderGithub,
  renderJson,
  renderPretty,
} from "../../../src/cli/views/render-diagnostics.ts";
import type { Diagnostic } from "../../../src/config/diagnostics.ts";

function finding(extra: Partial<Diagnostic> = {}): Diagnostic {
  return {
    severity: "error",
    file: "bal.yaml",
    line: 2,
    column: 5,
    path: "backends[0].prot",
    code: "unknown-key",
    message: "unknown key",
    ...extra,
  };
}

test("people see the place, the line with a caret under the word, and the hint", () => {
  const source = "backends:\n  - prot: 1\n";
  expect(renderPretty([finding({ hint: "did you mean `port`?" })], source, 2).split("\n")).toEqual([
    "bal.yaml:2:5: error: backends[0].prot: unknown key",
    " 2 |   - prot: 1",
    "   |     ^^^^",
    "   hint: did you mean `port`?",
  ]);
});

test("a finding about the whole file, or a line that is not there, has no excerpt", () => {
  const whole = finding({ path: "", line: 1, column: 1 });
  expect(renderPretty([whole, finding({ line: 9 })], "", 2).split("\n")).toEqual([
    "bal.yaml:1:1: error: unknown key",
    "bal.yaml:9:5: error: backends[0].prot: unknown key",
  ]);
});

test("the caret stands under its word after tabs, wide characters and in a long line", () => {
  const caretUnder = (text: string, word: string) => {
    const column = text.indexOf(word) + 1;
    const lines = renderPretty([finding({ line: 1, column })], text, 2).split("\n");
    const [, excerpt, carets] = lines as [string, string, string];
    const before = excerpt.slice(0, excerpt.indexOf(word));
    expect(carets.indexOf("^")).toBe(Bun.stringWidth(before));
    expect(carets.lastIndexOf("^") - carets.indexOf("^") + 1).toBe(Bun.stringWidth(word));
    expect(Bun.stringWidth(excerpt)).toBeLessThan(140);
  };
  caretUnder("\t- prot: 1", "prot");
  caretUnder("名: prot", "prot");
  caretUnder(`[${"x, ".repeat(200)}prot, ${"y, ".repeat(200)}]`, "prot");
});

test("nothing that a file says reaches the terminal as an order to it", () => {
  const evil = "a\u001b[2Jb\nc\u009b\u202e\u0000";
  const said = renderPretty(
    [finding({ file: evil, path: evil, message: evil, hint: evil, line: 1, column: 1 })],
    `${evil.replace("\n", "")}\n`,
    2,
  );
  expect(said.split("\n")).toHaveLength(4);
  expect(said.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202e]/u);
  expect(said).toContain("a\\x1b[2Jb\\nc\\x9b\\u202e\\x00");
});

test("GitHub gets one command a finding, escaped as its runner reads it", () => {
  const found = [
    finding({ file: "a,b:100%.yaml", message: "50% of\nwhat: x, y", hint: "none" }),
    finding({ severity: "warning", path: "", message: "one backend only" }),
  ];
  expect(renderGithub(found).split("\n")).toEqual([
    "::error file=a%2Cb%3A100%25.yaml,line=2,col=5::backends[0].prot: 50%25 of\\nwhat: x, y (none)",
    "::warning file=bal.yaml,line=2,col=5::one backend only",
  ]);
});

test("the end of what a finding is about bounds the carets, and annotations have it", () => {
  const found = finding({ line: 1, column: 3, end_column: 16 });
  expect(renderPretty([found], "- {hots: a, x: b}", 2).split("\n")[2]).toBe(
    `   |   ${"^".repeat(13)}`,
  );
  expect(renderGithub([found])).toContain(",line=1,col=3,endColumn=16::");
});

test("scripts get the keys that were promised, and no hint where there is none", () => {
  const { severity, file, ...rest } = finding();
  expect(renderJson([finding(), finding({ hint: "h" })])).toEqual([rest, { ...rest, hint: "h" }]);
});

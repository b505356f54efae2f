// `# bal: allow CODE` in a config: a warning that was seen, and is meant to be so.
import type { Report } from "../report.ts";
import { suggest } from "../suggest.ts";
import { isWarningCode, WARNINGS } from "../warnings.ts";
import { tokensOf } from "./tokens.ts";

const MARK = /^#\s*bal:\s*allow\s+(.*)$/;

/** Takes away the warnings that a comment allows: on their line, alone above it, or behind the key above it. */
export function allowByComments(text: string, report: Report): void {
  if (!text.includes("bal:")) return;
  const lines = text.split("\n");
  const allowed = new Set<string>();
  for (const { type, source, offset } of tokensOf(text)) {
    const [, rest] = type === "comment" ? (MARK.exec(source) ?? []) : [];
    if (rest === undefined) continue;
    const line = text.slice(0, offset).split("\n").length;
    const before = (lines[line - 1] ?? "").slice(0, offset - (text.lastIndexOf("\n", offset) + 1));
    const isOfNext = before.trim() === "" || before.trimEnd().endsWith(":");
    for (const code of rest.split(/[\s,]+/).filter(Boolean)) {
      if (!isWarningCode(code)) unknownCode(code, offset + source.indexOf(code), report);
      allowed.add(`${line} ${code}`);
      if (isOfNext) allowed.add(`${line + 1} ${code}`);
    }
  }
  report.dropWarnings(({ line, code }) => allowed.has(`${line} ${code}`));
}

function unknownCode(code: string, start: number, report: Report): void {
  const near = suggest(code, Object.keys(WARNINGS));
  report.warnAt(
    "",
    { start, end: start + code.length },
    {
      code: "unknown-code",
      message: `there is no warning with the code \`${code}\``,
      hint:
        near === null
          ? "bal check prints the code of a warning in brackets after it"
          : `did you mean \`${near}\`?`,
    },
  );
}

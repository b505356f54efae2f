// A line that is indented like none above it: by how much, and by how much the keys are that it may belong to.
import type { PlacedFinding } from "../report.ts";

/** A key or a list's dash, and how far it is indented. */
type Level = { readonly indent: number; readonly word: string; readonly line: number };

/** Explains the indentation of the first line from `offset` on that is not empty. */
export function explainIndent(text: string, offset: number): PlacedFinding | null {
  const lines = text.split("\n");
  let number = text.slice(0, offset).split("\n").length;
  while (isBlank(lines[number - 1]) && number < lines.length) number++;
  const line = lines[number - 1] ?? "";
  if (isBlank(line)) return null;
  const found = line.length - line.trimStart().length;
  const near = nearest(levelsAbove(lines.slice(0, number - 1)), found);
  if (near === null) return null;
  const start = lines.slice(0, number - 1).join("\n").length + (number > 1 ? 1 : 0) + found;
  const word = wordOf(line.trim());
  const above = `\`${near.word}\` in line ${near.line} by ${near.indent}`;
  return {
    span: { start, end: start + word.length },
    finding: {
      code: "bad-indent",
      message: `\`${word}\` is indented by ${spaces(found)}, ${above}: YAML cannot tell what it belongs to`,
      hint: `indent it by ${spaces(near.indent)} to put it beside \`${near.word}\``,
    },
  };
}

function isBlank(line = ""): boolean {
  return /^\s*(?:#.*)?$/.test(line);
}

// Each that the line could stand beside, the last of its depth.
function levelsAbove(lines: readonly string[]): readonly Level[] {
  const levels: Level[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (let index = lines.length - 1; index >= 0 && least > 0; index--) {
    const line = lines[index] ?? "";
    if (isBlank(line)) continue;
    const here = levelsOf(line, index + 1).filter(({ indent }) => indent < least);
    levels.push(...here.reverse());
    least = Math.min(least, ...here.map(({ indent }) => indent));
  }
  return levels;
}

function levelsOf(line: string, number: number): Level[] {
  const indent = line.length - line.trimStart().length;
  const dash = /^-\s+/.exec(line.trimStart());
  const own = { indent, word: dash === null ? wordOf(line.trim()) : "-", line: number };
  if (dash === null) return [own];
  const inner = indent + dash[0].length;
  const word = wordOf(line.slice(inner).trim());
  return /^[\w-]+$/.test(word) ? [own, { indent: inner, word, line: number }] : [own];
}

function nearest(levels: readonly Level[], indent: number): Level | null {
  const byDistance = (one: Level) => Math.abs(one.indent - indent);
  const others = levels.filter((one) => one.indent !== indent);
  return others.reduce<Level | null>(
    (best, one) => (best === null || byDistance(one) < byDistance(best) ? one : best),
    null,
  );
}

function wordOf(text: string): string {
  return /^(?:-(?=\s)|[^\s:,{}[\]]+)/.exec(text)?.[0] ?? text.slice(0, 1);
}

function spaces(count: number): string {
  return count === 1 ? "1 space" : `${count} spaces`;
}

// A line of bal's own log for people: `12:00:05 WARN  web/a is down (what to do)`.
import { styleText } from "node:util";
import { printable } from "../../base/printable.ts";
import type { LogLevel } from "../../config/config.ts";

const COLOURS = { error: "red", warn: "yellow", info: "green", debug: "gray" } as const;

type PrettyLine = {
  readonly date: Date;
  readonly level: string;
  readonly message: string;
  readonly hint: unknown;
};

/** `max`: of the text, in characters. */
export function prettyLine(
  { date, level, message, hint }: PrettyLine,
  { hasColor, max }: { readonly hasColor: boolean; readonly max: number },
): string {
  const time = date.toTimeString().slice(0, 8);
  const word = level.toUpperCase().padEnd(5);
  const text = oneLine(typeof hint === "string" ? `${message} (${hint})` : message, max);
  if (!hasColor) return `${time} ${word} ${text}`;
  const options = { validateStream: false };
  const colour = COLOURS[level as LogLevel] ?? "gray";
  return `${styleText("dim", time, options)} ${styleText(colour, word, options)} ${text}`;
}

/** The same of a line in JSON; null: it is none of bal's own. */
export function prettyFromJson(line: string, hasColor: boolean): string | null {
  if (!line.startsWith("{")) return null;
  try {
    const { time, level, message, hint } = JSON.parse(line) as Record<string, unknown>;
    const date = new Date(String(time));
    if (typeof level !== "string" || typeof message !== "string") return null;
    if (Number.isNaN(date.getTime())) return null;
    const max = Number.POSITIVE_INFINITY;
    return prettyLine({ date, level: printable(level), message, hint }, { hasColor, max });
  } catch {
    return null;
  }
}

// A line stays one, whatever a name or an error has in it.
function oneLine(text: string, max: number): string {
  return printable(text.replaceAll(/\r?\n\s*/g, " | "), max);
}

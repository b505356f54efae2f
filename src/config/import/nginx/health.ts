// `health_check` and `match` of nginx's commercial version → `health_check` of a pool.
import { bytesText, fromHex } from "../draft/check-bytes.ts";
import { durationText } from "../draft/durations.ts";
import type { Notebook } from "../draft/note.ts";
import { traced, type Value } from "../draft/traced.ts";
import { parseTime } from "./addresses.ts";
import type { Directive } from "./lexer.ts";

type Keys = Record<string, Value>;

type HealthSources = {
  /** `match` blocks. */
  readonly matches: readonly Directive[];
  readonly timeout: Directive | null;
  readonly notes: Notebook;
};

export function healthOf(line: Directive, { matches, timeout, notes }: HealthSources): Value {
  const params = new Map(
    line.args.map((arg): [string, string] => {
      const [name = "", value = ""] = arg.split("=");
      return [name, value];
    }),
  );
  const match = matches.find(({ args }) => args[0] === params.get("match"));
  const interval = parseTime(params.get("interval")) ?? 5000;
  const number = (name: string) => Math.min(Number(params.get(name)) || 1, 100);
  const port = Number(params.get("port"));
  const check = {
    ...(match !== undefined && exchangeOf(match, notes)),
    ...(port > 0 && { port }),
    interval: durationText(interval),
    timeout: durationText(parseTime(timeout?.args[0]) ?? 5000),
    fast_interval: durationText(interval),
    rise: number("passes"),
    fall: number("fails"),
  };
  return traced(check, line);
}

function exchangeOf({ block }: Directive, notes: Notebook): Keys {
  const keys: Keys = {};
  for (const directive of block ?? []) {
    const { name, args } = directive;
    const isRegex = args[0]?.startsWith("~") === true;
    const text = bytesText(unescaped(args.join(" ")));
    if (name === "send" && text !== null) keys.send = traced(text, directive);
    else if (name === "expect" && text !== null && !isRegex) {
      notes.differs(directive, "bal looks for it at the beginning of the answer");
      keys.expect = traced(text, directive);
    } else
      notes.lost(
        directive,
        "bal looks for bytes at the beginning of the answer, not for a pattern",
      );
  }
  return Object.keys(keys).length === 0 ? {} : { type: "exchange", ...keys };
}

function unescaped(text: string): string {
  return text.replaceAll(/\\x([0-9a-f]{2})/gi, (_, digits) => fromHex(digits) ?? "");
}

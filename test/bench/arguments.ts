// The command line. Throws WrongUsage with words for the user.
import { parseArgs } from "node:util";
import { type Question, questions } from "./questions/registry.ts";
import { rivals } from "./rivals/registry.ts";
import type { Method, Rival } from "./rivals/rival.ts";

export class WrongUsage extends Error {}

export type Arguments = {
  readonly questions: readonly Question[];
  readonly rivals: readonly Rival[];
  readonly rounds: number;
  readonly workers: number;
  readonly method: Method;
  readonly isQuick: boolean;
  readonly jsonFile: string;
  readonly markdownFile: string | null;
};

export const USAGE = `npm run bench -- [options]

Measures bal and other balancers side by side on loopback, in interleaved rounds.

  --rounds N        rounds of each question (default 5; with --quick 2)
  --workers N       threads or workers of each balancer (default 1)
  --method M        round_robin (default) or least_connections
  --quick           two to three minutes: short runs, fewer sizes
  --only a,b        only these questions: ${questions.map(({ name }) => name).join(", ")}
  --rivals a,b      only these: ${rivals.map(({ name }) => name).join(", ")}
  --json FILE       all rounds (default bench.json)
  --markdown FILE   a table to publish
  --help`;

/** Null when help is wanted. */
export function parseArguments(args: readonly string[]): Arguments | null {
  const values = valuesOf(args);
  if (values.help) return null;
  const isQuick = values.quick ?? false;
  const { method } = values;
  if (method !== "round_robin" && method !== "least_connections") {
    throw new WrongUsage(`--method is round_robin or least_connections, not ${method}`);
  }
  return {
    questions: pick("--only", questions, values.only),
    rivals: pick("--rivals", rivals, values.rivals),
    rounds: count("--rounds", values.rounds ?? (isQuick ? "2" : "5")),
    workers: count("--workers", values.workers),
    method,
    isQuick,
    jsonFile: values.json,
    markdownFile: values.markdown ?? null,
  };
}

function valuesOf(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        rounds: { type: "string" },
        workers: { type: "string", default: "1" },
        method: { type: "string", default: "round_robin" },
        quick: { type: "boolean" },
        only: { type: "string" },
        rivals: { type: "string" },
        json: { type: "string", default: "bench.json" },
        markdown: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw new WrongUsage(error instanceof Error ? error.message : String(error));
  }
}

function count(option: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 1000) return value;
  throw new WrongUsage(`${option} takes a number from 1 to 1000, not ${text}`);
}

function pick<T extends { readonly name: string }>(
  option: string,
  all: readonly T[],
  names: string | undefined,
): readonly T[] {
  if (names === undefined) return all;
  const wanted = names.split(",").map((name) => name.trim());
  const unknown = wanted.find((name) => !all.some((one) => one.name === name));
  if (unknown === undefined) return all.filter(({ name }) => wanted.includes(name));
  const known = all.map(({ name }) => name).join(", ");
  throw new WrongUsage(`${option}: there is no ${JSON.stringify(unknown)}; there are ${known}`);
}

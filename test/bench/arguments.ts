// The command line. Throws WrongUsage with words for the user.
import { parseArgs } from "node:util";
import { type Question, questions } from "./questions/registry.ts";
import { builtIn } from "./rivals/registry.ts";
import type { Method, Rival } from "./rivals/rival.ts";
import { scriptsIn } from "./rivals/scripts.ts";

export class WrongUsage extends Error {}

export type Arguments = {
  readonly questions: readonly Question[];
  readonly rivals: readonly Rival[];
  readonly rounds: number;
  readonly workers: number;
  readonly method: Method;
  readonly isQuick: boolean;
  /** How long each load is measured, where its length is free. */
  readonly seconds: number;
  readonly jsonFile: string;
  readonly markdownFile: string | null;
};

export const USAGE = `[RIVALS=DIR] npm run bench -- [options]

Measures bal and other balancers side by side on loopback, in interleaved rounds. Each executable in
DIR is one more; test/bench/README.md says what it is called with.

  --rounds N        rounds of each question (default 5; with --quick 2)
  --seconds N       how long each load is measured (default 3; with --quick 1)
  --workers N       threads or workers of each balancer (default 1)
  --method M        round_robin (default) or least_connections
  --quick           two to three minutes: short runs, fewer sizes
  --only a,b        only these questions: ${questions.map(({ name }) => name).join(", ")}
  --rivals a,b      only these: ${builtIn.map(({ name }) => name).join(", ")}, and those of DIR
  --json FILE       all rounds (default bench.json)
  --markdown FILE   a table to publish
  --help`;

/** Null when help is wanted. `folder` has scripts of further rivals. */
export function parseArguments(args: readonly string[], folder = ""): Arguments | null {
  const values = valuesOf(args);
  if (values.help) return null;
  const isQuick = values.quick ?? false;
  const { method } = values;
  if (method !== "round_robin" && method !== "least_connections") {
    throw new WrongUsage(`--method is round_robin or least_connections, not ${method}`);
  }
  return {
    questions: pick("--only", questions, values.only),
    rivals: pick("--rivals", [...builtIn, ...furtherRivals(folder)], values.rivals),
    rounds: count("--rounds", values.rounds ?? (isQuick ? "2" : "5")),
    seconds: count("--seconds", values.seconds ?? (isQuick ? "1" : "3")),
    workers: count("--workers", values.workers),
    method,
    isQuick,
    jsonFile: values.json,
    markdownFile: values.markdown ?? null,
  };
}

function furtherRivals(folder: string): readonly Rival[] {
  if (folder === "") return [];
  const further = scriptsIn(folder);
  if (further === null) throw new WrongUsage(`RIVALS: ${folder} is no folder that can be read`);
  const twice = further.find(({ name }) => builtIn.some((one) => one.name === name));
  if (twice === undefined) return further;
  throw new WrongUsage(`RIVALS: ${folder}/${twice.name} has the name of a built-in rival`);
}

function valuesOf(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        rounds: { type: "string" },
        seconds: { type: "string" },
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

// `bal doctor`: what on this host stands in bal's way, or could be better, and what to do about it.
import { defineCommand } from "citty";
import type { ConfigInForce } from "../../api/admin-api.ts";
import { printable } from "../../base/printable.ts";
import { type LoadResult, parseSource } from "../../config/load.ts";
import { schemaText } from "../../config/schema/json-schema.ts";
import { examine } from "../../control/doctor/examine.ts";
import type { Finding, Level } from "../../control/doctor/finding.ts";
import { findHome, type Home } from "../../control/host/home.ts";
import { clientOf } from "../client-of.ts";
import { locateConfig, readSource } from "../config-source.ts";
import type { ExitCode } from "../exit.ts";
import { say, sayJson } from "../output.ts";
import { version } from "../version.ts";
import { color } from "../views/color.ts";

/** It may be suspended. */
const ANSWER_MS = 3000;

export const doctor = defineCommand({
  meta: { name: "doctor", description: "Examine this host, and print a remedy for each problem" },
  args: {
    config: { type: "string", alias: "c", valueHint: "FILE", description: "the config file" },
    json: { type: "boolean", description: "print one JSON object" },
  },
  async run({ args }): Promise<ExitCode> {
    const home = findHome();
    const inForce = await configInForce(home);
    const file =
      args.config === undefined
        ? (inForce?.file ?? locateConfig(undefined))
        : locateConfig(args.config);
    const isRunning = file !== null && file === inForce?.file;
    const running = isRunning && inForce !== null ? parsedConfig(inForce) : null;
    const read = file === null ? null : await readSource(file);
    // That this user may not read what bal may is nothing wrong.
    const isUnreadable = read?.kind === "invalid" && read.errors[0]?.code === "unreadable";
    const loaded = isUnreadable && running !== null ? running : read;
    const findings = await examine({
      ...{ home, file, loaded, version, schema: schemaText() },
      running: running?.kind === "valid" ? running.config : null,
    });
    const isHealthy = findings.every(({ level }) => level !== "broken");
    const object = { healthy: isHealthy, findings };
    if (args.json) sayJson(object);
    else say(1, render(findings));
    return isHealthy ? 0 : 1;
  },
});

/** The config in force of the home's bal; null: none runs, or it does not answer. */
async function configInForce(home: Home): Promise<ConfigInForce | null> {
  const answer = await clientOf(home, ANSWER_MS)
    .config()
    .catch(() => null);
  return answer?.kind === "ok" ? answer.body : null;
}

/** Its secrets are hidden: a check that sends one is only a connect then. */
function parsedConfig({ config, file }: ConfigInForce): LoadResult {
  return parseSource(Buffer.from(JSON.stringify(config)), file ?? "the config in force");
}

const COLOURS = { ok: "green", advice: "yellow", broken: "red" } as const satisfies Record<
  Level,
  string
>;

function render(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.map(({ check, level, message, remedy }) => {
    const head = `${color(1, COLOURS[level], level.padEnd(6))}  ${check.padEnd(width)}`;
    const indent = " ".repeat(width + 10);
    const advice =
      remedy === null ? "" : `\n${indent}${color(1, "cyan", "→")} ${printable(remedy)}`;
    return `${head}  ${printable(message)}${advice}`;
  });
  return [...lines, "", sum(findings)].join("\n");
}

function sum(findings: readonly Finding[]): string {
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const [broken, advice] = [count("broken"), count("advice")];
  if (broken + advice === 0) return color(1, "green", "nothing is wrong");
  const pieces = advice === 1 ? "1 piece of advice" : `${advice} pieces of advice`;
  if (broken === 0) return `nothing is broken; ${pieces}`;
  return `${color(1, "red", `${broken} broken`)}${advice > 0 ? `; ${pieces}` : ""}`;
}

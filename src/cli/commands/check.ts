// `bal check`: judges a config. No network, no side effect.
import { defineCommand } from "citty";
import { printable } from "../../base/printable.ts";
import type { LoadResult } from "../../config/load.ts";
import { findHome } from "../../control/host/home.ts";
import { locateConfig, noConfig, readSource } from "../config-source.ts";
import { type ExitCode, usageError } from "../exit.ts";
import { say } from "../output.ts";
import { renderGithub, renderJson, renderPretty } from "../views/render-diagnostics.ts";

type Format = "pretty" | "json" | "github";

export const check = defineCommand({
  meta: { name: "check", description: "Judge a config file; no network, no side effect" },
  args: {
    config: {
      type: "string",
      alias: "c",
      valueHint: "FILE",
      description: "the file, or - for stdin",
    },
    json: { type: "boolean", description: "print one JSON object" },
    format: {
      type: "enum",
      options: ["pretty", "json", "github"],
      description: "pretty, json or github (the default where GITHUB_ACTIONS is true)",
    },
    strict: { type: "boolean", description: "warnings make it fail, too" },
    file: { type: "positional", required: false, description: "the same as -c FILE" },
  },
  async run({ args }): Promise<ExitCode> {
    if (args.config !== undefined && args.file !== undefined) {
      throw usageError("-c FILE and FILE are the same: give one of them");
    }
    const explicit = args.config ?? args.file;
    const format = args.json ? "json" : (args.format ?? defaultFormat());
    const path = explicit === "-" ? "-" : locateConfig(explicit);
    if (path === null && format === "pretty") throw noConfig(findHome());
    // Scripts get their object, or their annotation, for a file that is not there as well.
    const file = path ?? findHome().config;
    const loaded = await readSource(file);
    const isValid = loaded.kind === "valid" && !(args.strict && loaded.warnings.length > 0);
    print(format, file, loaded);
    return isValid ? 0 : 1;
  },
});

function defaultFormat(): Format {
  return process.env.GITHUB_ACTIONS === "true" ? "github" : "pretty";
}

function print(format: Format, file: string, loaded: LoadResult): void {
  const errors = loaded.kind === "valid" ? [] : loaded.errors;
  const { warnings, source } = loaded;
  const found = [...errors, ...warnings];
  switch (format) {
    case "json": {
      const valid = loaded.kind === "valid";
      const findings = { errors: renderJson(errors), warnings: renderJson(warnings) };
      say(1, JSON.stringify({ valid, file, ...findings }, null, 2));
      return;
    }
    case "github":
      if (found.length > 0) say(1, renderGithub(found));
      return;
    case "pretty":
      if (found.length > 0) say(2, renderPretty(found, source, 2));
      return sum(printable(file), loaded);
    default:
      return format satisfies never;
  }
}

function sum(file: string, loaded: LoadResult): void {
  const { length } = loaded.warnings;
  const also = length > 0 ? `, ${count(length, "warning")}` : "";
  if (loaded.kind === "valid") say(1, `${file}: valid${also}`);
  else say(2, `${file}: not valid, ${count(loaded.errors.length, "error")}${also}`);
}

function count(number: number, what: string): string {
  return number === 1 ? `1 ${what}` : `${number} ${what}s`;
}

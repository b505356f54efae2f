// `bal check`: validates config files. No network, no side effect.
import { parseArgs } from "node:util";
import { defineCommand } from "citty";
import { printable } from "../../base/printable.ts";
import type { Diagnostic } from "../../config/diagnostics.ts";
import type { LoadResult } from "../../config/load.ts";
import { suggest } from "../../config/suggest.ts";
import { isWarningCode, WARNINGS } from "../../config/warnings.ts";
import { findHome } from "../../control/host/home.ts";
import { locateConfig, noConfig, readSource } from "../config-source.ts";
import { type ExitCode, usageError } from "../exit.ts";
import { say, sayJson } from "../output.ts";
import { renderGithub, renderJson, renderPretty } from "../views/render-diagnostics.ts";

type Format = "pretty" | "json" | "github";

/** A file, as it was named, and what there is against it. */
type Checked = {
  readonly file: string;
  readonly source: string;
  readonly valid: boolean;
  readonly errors: readonly Diagnostic[];
  readonly warnings: readonly Diagnostic[];
};

export const check = defineCommand({
  meta: { name: "check", description: "Validate config files, without network or side effects" },
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
      description: "pretty, json or github (the default if GITHUB_ACTIONS is true)",
    },
    strict: { type: "boolean", description: "fail on warnings, too" },
    allow: {
      type: "string",
      valueHint: "CODE",
      description: "ignore warnings with this code; may be repeated",
    },
    file: {
      type: "positional",
      required: false,
      valueHint: "FILE…",
      description: "a config file, like -c FILE; may be repeated",
    },
  },
  async run({ args, rawArgs }): Promise<ExitCode> {
    if (args.config !== undefined && args.file !== undefined) {
      throw usageError("-c FILE and FILE cannot be used together");
    }
    const named = args.config === undefined ? args._ : [args.config];
    const format = args.json ? "json" : (args.format ?? defaultFormat());
    const allowed = allowedCodes(rawArgs);
    const files = named.length === 0 ? [usualFile(format)] : named;
    const checked: Checked[] = [];
    for (const file of files) checked.push(judged(file, await readSource(file), allowed));
    const isStrict = args.strict === true;
    print(format, checked, isStrict);
    return checked.every((one) => passes(one, isStrict)) ? 0 : 1;
  },
});

function defaultFormat(): Format {
  return process.env.GITHUB_ACTIONS === "true" ? "github" : "pretty";
}

/** The one that bal would take. */
function usualFile(format: Format): string {
  const path = locateConfig(undefined);
  if (path === null && format === "pretty") throw noConfig(findHome());
  // Scripts get their object, or their annotation, for a file that is not there as well.
  return path ?? findHome().config;
}

// citty keeps the last of an option.
function allowedCodes(rawArgs: readonly string[]): ReadonlySet<string> {
  const options = { allow: { type: "string", multiple: true } } as const;
  const { values } = parseArgs({ args: [...rawArgs], options, strict: false });
  const codes = (values.allow ?? []).flatMap((value) => String(value).split(","));
  for (const code of codes) {
    if (isWarningCode(code)) continue;
    const near = suggest(code, Object.keys(WARNINGS));
    const hint =
      near === null ? `the codes are ${Object.keys(WARNINGS).join(", ")}` : `did you mean ${near}?`;
    throw usageError(`there is no warning with the code \`${code}\``, hint);
  }
  return new Set(codes);
}

function judged(file: string, loaded: LoadResult, allowed: ReadonlySet<string>): Checked {
  return {
    file,
    source: loaded.source,
    valid: loaded.kind === "valid",
    errors: loaded.kind === "valid" ? [] : loaded.errors,
    warnings: loaded.warnings.filter(({ code }) => !allowed.has(code)),
  };
}

function passes({ valid, warnings }: Checked, isStrict: boolean): boolean {
  return valid && !(isStrict && warnings.length > 0);
}

function print(format: Format, checked: readonly Checked[], isStrict: boolean): void {
  switch (format) {
    case "json":
      sayJson(asJson(checked));
      return;
    case "github": {
      const found = checked.flatMap(({ errors, warnings }) => [...errors, ...warnings]);
      if (found.length > 0) say(1, renderGithub(found));
      return;
    }
    case "pretty":
      for (const one of checked) printPretty(one, isStrict);
      return;
    default:
      return format satisfies never;
  }
}

/** Several files are a list. */
function asJson(checked: readonly Checked[]): object {
  const objects = checked.map(({ valid, file, errors, warnings }) => ({
    valid,
    file,
    errors: renderJson(errors),
    warnings: renderJson(warnings),
  }));
  const [only] = objects;
  if (only !== undefined && objects.length === 1) return only;
  return { valid: objects.every(({ valid }) => valid), files: objects };
}

function printPretty(one: Checked, isStrict: boolean): void {
  const { source, valid, errors, warnings } = one;
  const found = [...errors, ...warnings];
  if (found.length > 0) say(2, renderPretty(found, source, 2));
  const file = printable(one.file);
  const also = warnings.length > 0 ? `, ${count(warnings.length, "warning")}` : "";
  if (!valid) say(2, `${file}: not valid, ${count(errors.length, "error")}${also}`);
  else if (passes(one, isStrict)) say(1, `${file}: valid${also}`);
  else
    say(
      2,
      `${file}: refused by --strict${also}: --allow CODE or \`# bal: allow CODE\` permits one`,
    );
}

function count(number: number, what: string): string {
  return number === 1 ? `1 ${what}` : `${number} ${what}s`;
}

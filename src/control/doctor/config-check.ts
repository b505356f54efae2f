// The findings of `bal check` about the file.
import type { Diagnostic } from "../../config/diagnostics.ts";
import type { LoadResult } from "../../config/load.ts";
import { configRisk } from "../host/trust.ts";
import { type Finding, Findings } from "./finding.ts";

export function checkConfig(file: string | null, loaded: LoadResult | null): readonly Finding[] {
  const found = new Findings("config");
  if (file === null || loaded === null) {
    found.advise("there is no config yet", "`bal start` writes a first one");
    return found.all;
  }
  const risk = configRisk(file);
  if (risk !== null) found.broken(risk.message, risk.hint ?? "");
  for (const error of loaded.kind === "invalid" ? loaded.errors : []) {
    found.broken(told(error), error.hint ?? "see `bal check`");
  }
  for (const warning of loaded.warnings) {
    found.advise(told(warning), warning.hint ?? "see `bal check`");
  }
  return found.okUnlessOther(`${file} is valid`).all;
}

function told({ file, line, column, path, message }: Diagnostic): string {
  return `${file}:${line}:${column}: ${path === "" ? "" : `${path}: `}${message}`;
}

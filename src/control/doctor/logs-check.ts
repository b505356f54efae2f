// The files of the logs that the config names: could bal write them? None is made.
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "../../base/os-error.ts";
import type { LogConfig } from "../../config/config.ts";
import { logPath } from "../logs/logs.ts";
import { type Finding, Findings } from "./finding.ts";

const { W_OK, X_OK } = constants;

/** `configFile`: what paths are relative to. */
export function checkLogs(
  { file, access }: LogConfig,
  configFile: string | null,
): readonly Finding[] {
  const found = new Findings("logs");
  const named = [file, access.mode === "off" ? null : access.file].filter((one) => one !== null);
  if (named.length === 0) return found.all;
  for (const name of named) {
    const path = logPath(name, configFile);
    const folder = dirname(path);
    if (!existsSync(folder)) {
      found.broken(
        `${folder}, the folder of a log, does not exist`,
        `run mkdir -p ${folder} as bal's user`,
      );
      continue;
    }
    const trouble = obstacle(path);
    if (trouble === null) continue;
    const remedy = "bal's user needs write permission for it and its folder";
    found.broken(`the log ${path} cannot be written: ${trouble}`, remedy);
  }
  return found.okUnlessOther("the log files can be written").all;
}

/** Null: there is none. */
function obstacle(path: string): string | null {
  try {
    if (!existsSync(path)) accessSync(dirname(path), W_OK | X_OK);
    else if (statSync(path).isDirectory()) return "it is a folder";
    else accessSync(path, W_OK);
    return null;
  } catch (error) {
    return codeOf(error) ?? String(error);
  }
}

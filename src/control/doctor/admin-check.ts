// The admin API's token, where it stands in a file of its own.
import { BalError } from "../../base/errors.ts";
import type { Config } from "../../config/config.ts";
import { withToken } from "../admin/token.ts";
import { type Finding, Findings } from "./finding.ts";

/** `file`: the config's path. */
export function checkAdmin(config: Config, file: string | null): readonly Finding[] {
  const found = new Findings("admin");
  if (config.admin.tokenFile === null) return found.all;
  const ignore = () => {};
  const warn = (_: string, message: string, fields: { hint?: unknown } = {}) => {
    found.advise(message, String(fields.hint));
  };
  try {
    withToken(config, file, { debug: ignore, info: ignore, warn, error: ignore });
  } catch (error) {
    if (!(error instanceof BalError)) throw error;
    found.broken(error.message, error.hint ?? "look at the file");
  }
  return found.okUnlessOther("the token can be read").all;
}

// The admin token that stands in a file of its own.
import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { BalError } from "../../base/errors.ts";
import { codeOf } from "../../base/os-error.ts";
import type { Config } from "../../config/config.ts";
import { isSecret } from "../../config/read/scalar.ts";
import type { Log } from "../logs/log.ts";

/** More than a token with its newline can have. */
const MAX_BYTES = 4096;
const OTHERS = 0o007;

/** The config with the token that its file holds. `configFile` is what its path is relative to; null:
 *  the working folder. Throws BalError `token-file`. */
export function withToken(config: Config, configFile: string | null, log: Log): Config {
  const { tokenFile } = config.admin;
  if (tokenFile === null) return config;
  const path = resolve(configFile === null ? "." : dirname(configFile), tokenFile);
  const admin = Object.freeze({ ...config.admin, token: readToken(path, log) });
  return Object.freeze({ ...config, admin });
}

function readToken(path: string, log: Log): string {
  let text: string;
  try {
    const stats = statSync(path);
    if (!stats.isFile() || stats.size > MAX_BYTES)
      throw bad(path, "it is not a small regular file");
    if ((stats.mode & OTHERS) !== 0) {
      const message = `every user on this host may read the admin token in ${path}`;
      log.warn("token-file", message, { hint: `chmod 600 ${path}` });
    }
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw error instanceof BalError ? error : bad(path, codeOf(error) ?? String(error));
  }
  const token = text.replace(/\r?\n$/, "");
  if (isSecret(token)) return token;
  throw bad(
    path,
    "it does not contain a token, which is one line of 1 to 512 visible ASCII characters",
  );
}

function bad(path: string, why: string): BalError {
  return new BalError("token-file", `cannot read the admin token from ${path}: ${why}`, {
    hint: `create one with: (umask 077; openssl rand -hex 32 > ${path})`,
  });
}

// The PEM files that health checks name: where they are, and that they can be read.
import { dirname, resolve } from "node:path";
import type { CheckConfig, Config } from "../../config/config.ts";
import { readPem } from "./tls-options.ts";

const KEYS = ["ca", "cert", "key"] as const;

/** The config with absolute paths. `configFile` is what they are relative to; null: the working folder.
 *  Throws BalError `check-file` when one cannot be read. */
export function withCheckFiles(config: Config, configFile: string | null): Config {
  const folder = configFile === null ? "." : dirname(configFile);
  const pools = config.pools.map((pool) => {
    const checks = pool.healthCheck.checks.map((check) => withFiles(check, folder));
    return Object.freeze({ ...pool, healthCheck: Object.freeze({ ...pool.healthCheck, checks }) });
  });
  return Object.freeze({ ...config, pools: Object.freeze(pools) });
}

function withFiles(check: CheckConfig, folder: string): CheckConfig {
  if (check.type !== "tls" && check.type !== "https") return check;
  const paths = KEYS.map((key) => {
    const path = check[key] === null ? null : resolve(folder, check[key]);
    if (path !== null) readPem(path);
    return [key, path];
  });
  return Object.freeze({ ...check, ...Object.fromEntries(paths) });
}

// The config that a command is about: from -c, from the home, from the system, or from stdin.
import { existsSync, writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { BalError } from "../base/errors.ts";
import { findConfig, type LoadResult, loadConfig, parseSource } from "../config/load.ts";
import { MAX_FILE_BYTES } from "../config/read-file.ts";
import { schemaText } from "../config/schema/json-schema.ts";
import { template } from "../config/template.ts";
import { findHome, type Home, makeHome } from "../control/host/home.ts";

/** The absolute path of the config; null where there is none. */
export function locateConfig(explicit: string | undefined): string | null {
  const found = findConfig(explicit, explicit === undefined ? findHome().path : null);
  return found === null ? null : resolve(found);
}

/** `-` is stdin. */
export async function readSource(path: string): Promise<LoadResult> {
  return path === "-" ? parseSource(await readStdin(), "-") : loadConfig(path);
}

/** No more than is needed to see that it is too much. */
export async function readStdin(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of Bun.stdin.stream()) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_FILE_BYTES) break;
  }
  return Buffer.concat(chunks);
}

export function noConfig(home: Home): BalError {
  return new BalError(
    "no-config",
    `no config: neither ${home.config} nor /etc/bal/config.yaml exists`,
    {
      hint: "name one with -c FILE, or run `bal start` once: it writes a first config",
    },
  );
}

/** Writes the commented config to begin with, and beside it the schema that its first line names to
 *  editors. Returns its path. */
export function writeTemplate(home: Home): string {
  makeHome(home);
  if (existsSync(home.config)) return home.config;
  writeFileSync(home.schema, `${schemaText()}\n`, { mode: 0o600 });
  const modeline = `# yaml-language-server: $schema=${basename(home.schema)}`;
  writeFileSync(home.config, `${modeline}\n${template}`, { mode: 0o600, flag: "wx" });
  return home.config;
}

// From a path to a config: where the file is, and its bytes.
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { codeOf } from "../base/os-error.ts";
import type { Diagnostic } from "./diagnostics.ts";
import { type ParseResult, parseConfig } from "./parse.ts";
import { MAX_FILE_BYTES, readStart } from "./read-file.ts";

/** `source` is the text, for excerpts; empty when it could not be read, or is too large. */
export type LoadResult = ParseResult & { readonly source: string };

const SYSTEM_CONFIG = "/etc/bal/config.yaml";

/** The first that is there of: what was asked for, the home's, the system's. */
export function findConfig(explicit: string | undefined, home: string | null): string | null {
  if (explicit !== undefined) return explicit;
  const candidates = [...(home === null ? [] : [`${home}/config.yaml`]), SYSTEM_CONFIG];
  return candidates.find((path) => existsSync(path)) ?? null;
}

/** Never throws: a file that can't be read is a diagnostic as well. */
export async function loadConfig(path: string): Promise<LoadResult> {
  try {
    if ((await stat(path)).isDirectory()) return unreadable(path, "it is a folder");
    return parseSource(await readStart(path), path);
  } catch (error) {
    return unreadable(path, reasonOf(codeOf(error)));
  }
}

export function parseSource(bytes: Uint8Array, file: string): LoadResult {
  const source = bytes.length > MAX_FILE_BYTES ? "" : new TextDecoder().decode(bytes);
  return { ...parseConfig(bytes, file), source };
}

function reasonOf(code: string | null): string {
  switch (code) {
    case "ENOENT":
      return "there is no such file";
    case "EACCES":
    case "EPERM":
      return "this user may not read it";
    default:
      return code ?? "unknown error";
  }
}

function unreadable(file: string, reason: string): LoadResult {
  const error: Diagnostic = {
    severity: "error",
    file,
    line: 1,
    column: 1,
    path: "",
    code: "unreadable",
    message: `cannot read the config: ${reason}`,
  };
  return { kind: "invalid", errors: [error], warnings: [], source: "" };
}

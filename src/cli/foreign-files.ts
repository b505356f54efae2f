// Files of other programs that `bal import` reads: the config itself, and those that it names.
import { readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { BalError } from "../base/errors.ts";
import { codeOf } from "../base/os-error.ts";
import type { IncludedFile } from "../config/import/draft/sources.ts";
import { MAX_FILE_BYTES } from "../config/read-file.ts";
import { readStdin } from "./config-source.ts";

/** `-` is stdin. */
export async function readForeign(file: string): Promise<string> {
  const bytes = file === "-" ? await readStdin() : readBytes(file);
  if (bytes.length > MAX_FILE_BYTES) {
    throw new BalError("too-large", `${file} has more than ${MAX_FILE_BYTES} bytes`);
  }
  return new TextDecoder().decode(bytes);
}

function readBytes(file: string): Uint8Array {
  try {
    if (!statSync(file).isDirectory()) return readFileSync(file);
  } catch (error) {
    const code = codeOf(error);
    const reason = code === "ENOENT" ? "there is no such file" : (code ?? "unknown error");
    throw new BalError("unreadable", `cannot read ${file}: ${reason}`);
  }
  throw new BalError("unreadable", `cannot read ${file}: it is a folder`);
}

/** Reads what a config names: relative to its folder. */
export function includesOf(file: string): (path: string) => readonly IncludedFile[] | null {
  const folder = file === "-" ? process.cwd() : dirname(resolve(file));
  return (path) => {
    if (path === "") return null;
    if (!/[*?[]/.test(path)) {
      const text = textOf(resolve(folder, path));
      return text === null ? null : [{ file: path, text }];
    }
    return matching(folder, path).flatMap((found) => {
      const text = textOf(found);
      const name = isAbsolute(path) ? found : relative(folder, found);
      return text === null ? [] : [{ file: name, text }];
    });
  };
}

/** In the order of their names. */
function matching(folder: string, pattern: string): readonly string[] {
  const whole = resolve(folder, pattern);
  const parts = whole.split("/");
  const first = parts.findIndex((part) => /[*?[]/.test(part));
  const cwd = parts.slice(0, first).join("/") || "/";
  try {
    const glob = new Bun.Glob(parts.slice(first).join("/"));
    return [...glob.scanSync({ cwd })].sort().map((name) => join(cwd, name));
  } catch {
    return [];
  }
}

function textOf(path: string): string | null {
  try {
    const found = statSync(path);
    if (!found.isFile() || found.size > MAX_FILE_BYTES) return null;
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

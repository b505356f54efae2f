// Environment variables and templates in a config: bal fills in neither.
import type { Field } from "../schema/field.ts";

export const NO_VARIABLES = "write the value, or make the file with `envsubst` before bal reads it";

export const NO_TEMPLATES = "bal fills in no templates: make the file before it reads it";

/** Where hardly anything else is refused: as they stand they would be a file's name, or a secret that everybody
 *  can guess. */
export function isUnfilled(value: unknown, field: Field): boolean {
  if (field.kind === "nullable") return isUnfilled(value, field.of);
  if (typeof value !== "string") return false;
  if (field.kind === "secret") return /^\$\{[A-Za-z_]\w*\}$/.test(value);
  const isPath = field.kind === "path" || field.kind === "socket-path";
  return isPath && /\$\{[A-Za-z_]\w*\}/.test(value);
}

/** Null: it is none. */
export function hintForVariable(value: string): string | null {
  if (/\$\{\w+|\$\(\w+\)|^\$[A-Za-z_]\w*$/.test(value))
    return `bal fills in no environment variables: ${NO_VARIABLES}`;
  return /\{\{|<%|^%\w+%$/.test(value) ? NO_TEMPLATES : null;
}

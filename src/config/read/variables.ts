// Environment variables and templates in a config: bal fills in neither.
import type { Field } from "../schema/field.ts";

export const NO_VARIABLES = "write the value, or generate the file with `envsubst` first";

export const NO_TEMPLATES = "bal does not expand templates: generate the file first";

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
    return `bal does not expand environment variables: ${NO_VARIABLES}`;
  return /\{\{|<%|^%\w+%$/.test(value) ? NO_TEMPLATES : null;
}

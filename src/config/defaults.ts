// The defaults of the schema, filled in where a file says nothing.
import { parseDuration } from "../base/units.ts";
import { parseMode } from "./read/read-listen.ts";
import type { Field, Keys } from "./schema/field.ts";

type Complete<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };

/** Fills in what the table has a default for. Keys without one stay as they are written; the type
 *  promises them all the same, since a config without errors has those that are required. */
export function withDefaults<T extends object>(keys: Keys, written: T | undefined): Complete<T> {
  const defaults = Object.entries(keys).flatMap(([name, { field, default: value }]) => {
    if (value === undefined) return [];
    return [[name, typeof value === "string" ? defaultOf(field, value) : value]];
  });
  const present = Object.entries(written ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries([...defaults, ...present]) as Complete<T>;
}

function defaultOf({ kind }: Field, written: string): string | number | null {
  if (kind === "duration") return parseDuration(written);
  return kind === "mode" ? parseMode(written) : written;
}

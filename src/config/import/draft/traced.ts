// Values of the config to be printed, with the lines that they came from.
import type { Quote } from "./note.ts";

export type Scalar = string | number | boolean;
export type Value = Scalar | Traced | readonly Value[] | { readonly [key: string]: Value };

/** A value, and the lines that say it. */
export class Traced {
  readonly value: Value;
  readonly from: readonly Quote[];

  constructor(value: Value, from: readonly Quote[]) {
    this.value = value;
    this.from = from;
  }
}

export function traced(value: Value, ...from: readonly Quote[]): Traced {
  return new Traced(value, from);
}

/** Without its lines, also inside. */
export function bare(value: Value): Value {
  if (value instanceof Traced) return bare(value.value);
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, bare(one)]));
}

/** Every line that it or something inside it came from. */
export function linesOf(value: Value): readonly Quote[] {
  if (value instanceof Traced) return [...value.from, ...linesOf(value.value)];
  if (Array.isArray(value)) return value.flatMap(linesOf);
  return typeof value === "object" ? Object.values(value).flatMap(linesOf) : [];
}

export function isSame(a: Value, b: Value): boolean {
  return JSON.stringify(bare(a)) === JSON.stringify(bare(b));
}

// Describes a single value, or what is wrong with it, in the words of its field.

import type { Finding } from "../report.ts";
import { describeField, type Field } from "../schema/field.ts";

export type Read = { readonly value: unknown } | Finding;

export function badAddress(value: unknown, field: Field, hint: string | null = null): Finding {
  return { code: "bad-address", message: `${show(value)} is not ${describeField(field)}`, hint };
}

export function outOfRange(value: unknown, field: Field): Finding {
  return {
    code: "out-of-range",
    message: `expected ${describeField(field)}, found ${show(value)}`,
  };
}

export function wrongType(value: unknown, field: Field): Finding {
  return { code: "wrong-type", message: `expected ${describeField(field)}, found ${show(value)}` };
}

export function show(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "string") return `"${value.length > 60 ? `${value.slice(0, 60)}…` : value}"`;
  return String(value);
}

// The settings of a backend that an operator may change while bal runs: a value of JSON → an override, by the ranges
// of the config's own keys.
import type { Override } from "../../api/admin-api.ts";
import type { BackendConfig } from "../../config/config.ts";
import { readValue } from "../../config/read/scalar.ts";
import { tables } from "../../config/schema/schema.ts";
import { suggest } from "../../config/suggest.ts";

type ReadOverride =
  | { readonly kind: "valid"; readonly override: Override }
  | { readonly kind: "invalid"; readonly message: string; readonly hint?: string };

type Overridden = { readonly config: BackendConfig; readonly override: Override };

const KEYS = ["drain", "weight"] as const;

export function readOverride(value: unknown): ReadOverride {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { kind: "invalid", message: "expected an object with `drain`, `weight` or both" };
  }
  const override: Record<string, unknown> = {};
  for (const [name, written] of Object.entries(value)) {
    const key = KEYS.find((known) => known === name);
    const field = key === undefined ? undefined : tables.backend[key]?.field;
    if (field === undefined) return unknownKey(name);
    const read = readValue(written, field);
    if (!("value" in read)) return { kind: "invalid", message: `\`${name}\`: ${read.message}` };
    override[name] = read.value;
  }
  // The fields of the table are what makes it one.
  return { kind: "valid", override: override as Override };
}

/** `change` on top of what is overridden already. What is as the config says is no override. */
export function mergeOverride(
  present: Override,
  change: Override,
  { isDraining, weight }: BackendConfig,
): Override {
  const merged = { ...present, ...change };
  const isChanged = (key: keyof Override, configured: unknown) =>
    merged[key] !== undefined && !(key in change && change[key] === configured);
  return {
    ...(isChanged("drain", isDraining) && { drain: merged.drain === true }),
    ...(isChanged("weight", weight) && { weight: merged.weight ?? weight }),
  };
}

type Settings = { readonly drain: boolean; readonly weight: number };

/** The settings in force. */
export function settingsOf(backend: Overridden): Settings {
  return { drain: isDraining(backend), weight: weightOf(backend) };
}

/** 0..256: what it has now. */
export function weightOf({ config, override }: Overridden): number {
  return override.weight ?? config.weight;
}

export function isDraining({ config, override }: Overridden): boolean {
  return override.drain ?? config.isDraining;
}

function unknownKey(name: string): ReadOverride {
  const near = suggest(name, KEYS);
  const message = `unknown key \`${name}\`; known here: ${KEYS.join(", ")}`;
  return { kind: "invalid", message, ...(near !== null && { hint: `did you mean \`${near}\`?` }) };
}

// The functions that the schema is written with.
import { type Field, type Keys, MAX_DURATION_MS } from "./field.ts";

export const integer = (min: number, max: number): Field => ({ kind: "integer", min, max });
export const duration = (min = 1): Field => ({
  kind: "duration",
  min,
  max: MAX_DURATION_MS,
  canBeOff: false,
});
export const timeout: Field = { kind: "duration", min: 1, max: MAX_DURATION_MS, canBeOff: true };
export const choice = (...values: string[]): Field => ({ kind: "choice", values });
/** With a few words on each. */
export const described = (docs: Readonly<Record<string, string>>): Field => ({
  kind: "choice",
  values: Object.keys(docs),
  docs,
});
export const map = (keys: Keys): Field => ({ kind: "map", keys });
export const nullable = (of: Field): Field => ({ kind: "nullable", of });

export const rate: Field = { kind: "rate", max: 100_000 };
export const port = integer(1, 65535);
/** Each has sockets of its own in every worker. */
export const MAX_PORTS = 1024;
export const ports: Field = { kind: "ports", min: 1, max: 65535, mostPorts: MAX_PORTS };

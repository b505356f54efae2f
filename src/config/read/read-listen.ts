// The settings of a listener's sockets: its ports, and the rights of its socket's file.
import type { Field } from "../schema/field.ts";
import { outOfRange, type Read, wrongType } from "./wrong-value.ts";

type PortsField = Extract<Field, { kind: "ports" }>;

/** A port as a number, a range as both of its ends. */
export function readPorts(value: unknown, field: PortsField): Read {
  if (typeof value === "number") return isPort(value, field) ? { value } : outOfRange(value, field);
  if (typeof value !== "string") return wrongType(value, field);
  if (/^\d+$/.test(value))
    return { ...wrongType(value, field), hint: `write it without quotes: ${value}` };
  const [, first, between, last] = /^(\d+)(\s*(?:-|–|:|\.\.)\s*)(\d+)$/.exec(value) ?? [];
  if (first === undefined || between === undefined) return wrongType(value, field);
  if (between === ":") {
    const hint = `write \`port: ${first}\` for clients; ${last} is the \`port\` of backends`;
    return { ...wrongType(value, field), hint };
  }
  if (between !== "-") return { ...wrongType(value, field), hint: `write it as ${first}-${last}` };
  return readRange(Number(first), Number(last), field);
}

function readRange(from: number, to: number, field: PortsField): Read {
  if (!isPort(from, field) || !isPort(to, field)) return outOfRange(`${from}-${to}`, field);
  if (from > to)
    return { ...outOfRange(`${from}-${to}`, field), hint: `write it as ${to}-${from}` };
  const count = to - from + 1;
  if (count <= field.mostPorts) return { value: count === 1 ? from : { from, to } };
  const message = `${from}-${to} has ${count} ports; a listener may have at most ${field.mostPorts}`;
  return { code: "too-many", message };
}

function isPort(value: number, { min, max }: PortsField): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

/** `0660`, `660`: octal digits. Null: it is none. */
export function parseMode(text: string): number | null {
  return /^0?[0-7]{3}$/.test(text) ? Number.parseInt(text, 8) : null;
}

/** `0660` */
export function formatMode(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

export function readMode(value: unknown, field: Field): Read {
  const mode = typeof value === "string" ? parseMode(value) : null;
  if (mode !== null) return { value: mode };
  if (typeof value !== "number") return wrongType(value, field);
  const hint = `write it in quotes, because YAML reads it as a number: "${meantBy(value) ?? "0660"}"`;
  return { ...wrongType(value, field), hint };
}

// 0660 without quotes is 660 to YAML 1.2, 0o660 is 432. Rights that give their owner both reading and
// writing are 600 to 777 the one way, and 384 to 511 the other.
function meantBy(value: number): string | null {
  const isOwners = (digits: string) => /^[67][0-7]{2}$/.test(digits);
  const [decimal, octal] = [String(value), value.toString(8)];
  const digits = [decimal, octal].find(isOwners);
  return digits === undefined ? null : `0${digits}`;
}

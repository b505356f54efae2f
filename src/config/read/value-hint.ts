// Proposes what to write in place of a single value that its field does not take.
import { type Field, isSecretField } from "../schema/field.ts";
import { findOddCharacter } from "./odd-characters.ts";
import { rewrite } from "./rewrite.ts";
import { quoted, splitAddress } from "./split-address.ts";
import { hintForVariable } from "./variables.ts";

/** Null: there is nothing to say. */
export function hintFor(value: unknown, field: Field): string | null {
  if (value === null) return "write a value, or leave the key out";
  if (typeof value === "string") {
    const variable = hintForVariable(value);
    if (variable !== null) return variable;
    const odd = findOddCharacter(value);
    if (odd !== null) return `it contains ${odd.name}: ${odd.remedy}`;
    const isOfListener = field.kind === "ports" || field.kind === "ip";
    const address = isOfListener ? splitAddress(value) : null;
    if (address?.host != null && address.port !== null)
      return `write \`bind_address: ${quoted(address.host)}, port: ${address.port}\``;
  }
  // A hint would tell it.
  if (isSecretField(field)) return null;
  const text = rewrite(value, field);
  return text === null ? null : `write \`${text}\``;
}

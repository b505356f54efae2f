// A single value where a list or a map belongs, and the other way round: what to write.
import { isMap, isScalar, isSeq } from "yaml";
import type { Finding } from "../report.ts";
import { describeField, type Field, isSecretField, type Keys, mapIn } from "../schema/field.ts";
import { isEmpty, type ReadNode } from "./reader.ts";
import { rewrite } from "./rewrite.ts";
import { readValue } from "./scalar.ts";
import { quoted } from "./split-address.ts";
import { explainNoKey } from "./syntax-error.ts";
import { hintFor } from "./value-hint.ts";
import { hintForVariable } from "./variables.ts";

/** `text` is the source of the node, or an ellipsis; `line` its first line. */
export function wrongShape(node: ReadNode, field: Field, { text, line }: Source): Finding {
  const found = isEmpty(node)
    ? "nothing"
    : isMap(node)
      ? "a map"
      : isSeq(node)
        ? "a list"
        : "a single value";
  const message = `expected ${describeField(field)}, found ${found}`;
  // A hint would tell a secret.
  if (isEmpty(node) && field.kind === "boolean")
    return { code: "wrong-type", message, hint: "write `true` or `false`" };
  const isSilent = isEmpty(node) || isSecretField(field);
  return {
    code: "wrong-type",
    message,
    hint: isSilent ? null : hintOf(node, field, { text, line }),
  };
}

type Source = { readonly text: string; readonly line: string };

function hintOf(node: ReadNode, field: Field, { text, line }: Source): string | null {
  if (text.startsWith("{{")) return hintForVariable(text);
  if (isScalar(node)) {
    return isFile(field)
      ? (explainNoKey(line, 0)?.finding.hint ?? null)
      : hintForScalar(node.value, field);
  }
  if (isSeq(node)) return hintForList(node.items as ReadNode[], field, text);
  return isMap(node) ? hintForMap(node, field) : null;
}

function hintForScalar(value: unknown, field: Field): string | null {
  if (mapIn(field)?.trusted !== undefined)
    return "write whose headers are accepted, the proxies in front: `{trusted: [10.0.0.0/8]}`";
  const text = rewrite(value, field);
  if (text !== null) {
    const isOfMaps = field.kind === "list" && field.of.kind === "map" && !text.includes("}, {");
    return isOfMaps ? `write a list: \`- ${text.slice(1, -1)}\`` : `write \`${text}\``;
  }
  if (value === true && mapIn(field) !== null) return "write its keys and values, or leave it out";
  const hint = hintFor(value, field);
  if (hint !== null || field.kind !== "list") return hint;
  const read = readValue(value, field.of);
  return "value" in read ? null : (read.hint ?? null);
}

function hintForList(items: readonly ReadNode[], field: Field, text: string): string | null {
  if (field.kind === "named") {
    const [first] = items;
    const name = isMap(first) ? first.get("name") : null;
    const word = typeof name === "string" ? name : "web";
    return `write each name as a key, without a dash: \`${word}: {…}\``;
  }
  if (isFile(field)) return "write the list's key above it, such as `backends:`";
  if (field.kind === "map" && Object.hasOwn(field.keys, "backends"))
    return "write the list's key above it: `backends:`";
  if (field.kind === "ports") return "write a listener for each, or a range such as 9000-9010";
  const [only] = items;
  if (field.kind === "map" || items.length !== 1) return null;
  if (/^\[[\da-f:.]+\]$/i.test(text))
    return `write it without brackets, in quotes: "${text.slice(1, -1)}"`;
  const value = isScalar(only) ? rewrite(only.value, field) : null;
  return value === null ? null : `write it without a list: \`${value}\``;
}

function isFile(field: Field): boolean {
  return field.kind === "map" && Object.hasOwn(field.keys, "listeners");
}

// Names as keys, or the one item without its dash.
function hintForMap(node: { readonly items: readonly unknown[] }, field: Field): string | null {
  if (field.kind !== "list") return hintForOnly(node.items as readonly Pair[], field);
  const keys: Keys = mapIn(field.of) ?? {};
  const [first] = node.items as readonly Pair[];
  const key = isScalar(first?.key) ? String(first.key.value) : "";
  if (Object.hasOwn(keys, key)) return `write a list: a dash before its first key, \`- ${key}: …\``;
  if (Object.hasOwn(keys, "sni") && isScalar(first?.value))
    return `write a list: \`- {sni: [${key}], pool: ${first.value.value}}\``;
  const value = isMap(first?.value) ? valuesOf(first.value.items as never) : "…";
  return Object.hasOwn(keys, "name") ? `write a list: \`- {name: ${key}, ${value}}\`` : null;
}

// The one value of a map, in place of the map.
function hintForOnly(items: readonly Pair[], field: Field): string | null {
  const [only] = items;
  if (items.length !== 1 || !isScalar(only?.value)) return null;
  const text = rewrite(only.value.value, field);
  return text === null ? null : `without a map: \`${text}\``;
}

type Pair = { readonly key: unknown; readonly value: unknown };

function valuesOf(items: readonly Pair[]): string {
  const pairs = items.map(({ key, value }) => {
    if (!isScalar(key) || !isScalar(value)) return null;
    return `${key.value}: ${quoted(String(value.value))}`;
  });
  return pairs.length === 0 || pairs.includes(null) ? "…" : pairs.join(", ");
}

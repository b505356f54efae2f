// A key that its map does not have: which one is meant, where it belongs, or which ones there are.
import type { Finding } from "../report.ts";
import { isSecretField, type Keys, mapIn } from "../schema/field.ts";
import { simpleFormKeys } from "../schema/schema.ts";
import { suggest } from "../suggest.ts";
import { wordFor } from "../words.ts";
import { findOddCharacter } from "./odd-characters.ts";
import { rewrite, splitKeys } from "./rewrite.ts";

/** A map of the file, with those around it. */
export type Scope = {
  readonly keys: Keys;
  readonly path: string;
  readonly around: Scope | null;
};

type UnknownKey = {
  readonly name: string;
  /** The value, if it is a single one; undefined: it is a map or a list. */
  readonly value: unknown;
  /** The other keys of its map. */
  readonly names: readonly string[];
  readonly scope: Scope;
};

type Meant = {
  readonly finding: Finding;
  /** Keys of its map that it stands for: none of them is missing. */
  readonly keys: readonly string[];
};

/** Null: nobody knows what is meant. */
export function explainUnknownKey(key: UnknownKey): Meant | null {
  return (
    odd(key) ??
    spaceless(key) ??
    byWord(key) ??
    nearby(key, key.name) ??
    byNote(key) ??
    near(key) ??
    far(key)
  );
}

/** Those that may be written. */
export function offered(keys: Keys): readonly string[] {
  return Object.keys(keys).filter((name) => !keys[name]?.isOld);
}

function odd({ name, scope }: UnknownKey): Meant | null {
  const found = findOddCharacter(name);
  if (found === null) return null;
  const plain = name.replaceAll(/[^\x20-\x7e]/g, "");
  const keys = offered(scope.keys).filter((key) => plain === key);
  return meant(`unknown key \`${name}\`: it contains ${found.name}`, found.remedy, keys);
}

// In braces YAML takes `host:10.0.0.1` for a key without a value.
function spaceless({ name, scope }: UnknownKey): Meant | null {
  const [, key = "", value = ""] = /^(\w+):(\S.*)$/.exec(name) ?? [];
  if (!offered(scope.keys).includes(key)) return null;
  const hint = `write \`${key}: ${value}\``;
  const finding = { code: "missing-space", message: `a space is missing after \`${key}:\``, hint };
  return { finding, keys: [key] };
}

function byWord({ name, value, names, scope }: UnknownKey): Meant | null {
  const word = wordFor(name);
  if (word === null) return null;
  const here = word.keys.filter(
    (path) =>
      fieldAt(scope.keys, path) !== null && !(path === "timeouts.idle" && value === undefined),
  );
  const key = here.find((path) => isOfForm(path, names)) ?? here[0];
  if (key === undefined) return null;
  const [first = key, second] = key.split(".");
  const split = second === undefined ? splitKeys(key, value, scope.keys) : null;
  const called = split === null ? [key] : Object.keys(split);
  const message = `unknown key \`${name}\`: bal calls it ${called.map((one) => `\`${one}\``).join(" and ")}`;
  // `http: {path: /}` says its type by the key.
  const said = value === undefined && key === "type" ? name : value;
  if (split === null) return meant(message, `write ${shown(scope.keys, key, said)}`, [first]);
  const written = Object.entries(split).map(([key, value]) => `${key}: ${value}`);
  return meant(message, `write \`${written.join(", ")}\``, [...called, key]);
}

function byNote({ name, scope }: UnknownKey): Meant | null {
  const note = wordFor(name)?.note;
  if (note === undefined) return null;
  // A route by it is a route: that it has no other condition is the same mistake.
  return meant(`unknown key \`${name}\``, note, Object.hasOwn(scope.keys, "sni") ? ["sni"] : []);
}

/** Does it go with the other keys at the top of the file? */
function isOfForm(path: string, names: readonly string[]): boolean {
  const isFull = names.includes("listeners") || names.includes("pools");
  if (path === "backends") return !isFull;
  return path !== "pools" || !simpleFormKeys.some((key) => names.includes(key));
}

// In a map that is here, or in one around this one.
function nearby({ name, value, scope }: UnknownKey, key: string): Meant | null {
  const groups = Object.entries(scope.keys).flatMap(([group, { field, isOld }]) =>
    !isOld && Object.hasOwn(mapIn(field) ?? {}, key) ? [group] : [],
  );
  const [group] = groups;
  if (group !== undefined) {
    const message = `\`${name}\` belongs under ${groups.map((one) => `\`${one}\``).join(" or ")}`;
    return meant(message, `write ${shown(scope.keys, `${group}.${key}`, value)}`);
  }
  for (let inner = scope; inner.around !== null; inner = inner.around) {
    const { keys, path } = inner.around;
    if (!Object.hasOwn(keys, key) || keys[key]?.isOld) continue;
    const beside = /^\.?([^.[]+)/.exec(inner.path.slice(path.length))?.[1] ?? "";
    if (beside === key) continue;
    // In the full form these do not go there.
    if (
      inner.around.around === null &&
      simpleFormKeys.some((one) => one === key) &&
      beside !== "backends"
    )
      continue;
    return meant(`\`${name}\` belongs to an outer level`, `write \`${key}\` beside \`${beside}\``);
  }
  return null;
}

function near({ name, scope }: UnknownKey): Meant | null {
  const key = suggest(name, offered(scope.keys));
  return key === null ? null : meant(`unknown key \`${name}\``, `did you mean \`${key}\`?`, [key]);
}

// Anywhere else in the file.
function far(unknown: UnknownKey): Meant | null {
  const { name, scope } = unknown;
  let top = scope;
  while (top.around !== null) top = top.around;
  const words = wordFor(name)?.keys.map((path) => path.split(".").at(-1) ?? path) ?? [];
  const key = [name, ...words].find((one) => !homesOf(top.keys, one, "").next().done) ?? name;
  const close = key === name ? null : nearby(unknown, key);
  if (close !== null) return close;
  const isOfForms = simpleFormKeys.some((one) => one === key);
  const inFullForm = key === "port" || key === "bind_address" ? "listeners" : "pools";
  const homes = new Set(isOfForms ? [inFullForm] : homesOf(top.keys, key, ""));
  const [home] = homes;
  if (home === undefined || homes.size > 2) return null;
  const called = key === name ? "" : `, and is called \`${key}\``;
  // A listener with backends needs a pool all the same, which they are put into.
  const isOfListener = home === "pools" && Object.hasOwn(scope.keys, "routes");
  const place = isOfListener
    ? "`pools`, in a pool that this listener names as its `pool`"
    : placed(home, scope);
  const keys = isOfListener ? ["pool"] : [];
  return meant(`\`${name}\` is not allowed here`, `it belongs under ${place}${called}`, keys);
}

// A group with the name of the one that it is written in is that of listeners.
function placed(home: string, { path }: Scope): string {
  const isSame = path.replace(/\[\d+\]$/, "").endsWith(home);
  return isSame ? `\`${home}\` of \`listeners\`` : `\`${home}\``;
}

/** The keys whose values have such a key themselves. */
function* homesOf(keys: Keys, key: string, home: string): Generator<string> {
  if (home !== "" && Object.hasOwn(keys, key)) yield home;
  for (const [name, { field, isOld }] of Object.entries(keys)) {
    const inner = isOld ? null : (mapIn(field) ?? itemsOf(field));
    if (inner !== null) yield* homesOf(inner, key, name);
  }
}

function itemsOf(field: Keys[string]["field"]): Keys | null {
  return field.kind === "list" || field.kind === "named" ? mapIn(field.of) : null;
}

function fieldAt(keys: Keys, path: string): Keys[string]["field"] | null {
  const [first = "", second] = path.split(".");
  const key = Object.hasOwn(keys, first) ? keys[first] : undefined;
  if (key === undefined || key.isOld) return null;
  if (second === undefined) return key.field;
  const inner = mapIn(key.field);
  return inner === null ? null : fieldAt(inner, second);
}

/** `health_check: {interval: 5s}`, with the value where it fits. */
function shown(keys: Keys, path: string, value: unknown): string {
  const field = fieldAt(keys, path);
  // A hint would tell a secret.
  const isSilent = value === undefined || field === null || isSecretField(field);
  const text = (isSilent ? null : rewrite(value, field)) ?? "…";
  const [first, second] = path.split(".");
  if (second !== undefined) return `\`${first}: {${second}: ${text}}\``;
  return text === "…" ? `\`${first}\`` : `\`${first}: ${text}\``;
}

function meant(message: string, hint: string, keys: readonly string[] = []): Meant {
  return { finding: { code: "unknown-key", message, hint }, keys };
}

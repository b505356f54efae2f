// A YAML node → the plain value that a field allows, or a diagnostic. Reads only what the schema
// names, into objects without a prototype: a key such as `__proto__` is just an unknown one.
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type ParsedNode,
  type YAMLMap,
} from "yaml";
import type { Report } from "../report.ts";
import { describeField, type Field, type Keys } from "../schema/field.ts";
import { suggest } from "../suggest.ts";
import { isName, readScalar } from "./scalar.ts";

/** Aliases that are followed; a file of a few lines could else stand for millions. */
const MAX_ALIASES = 100;

export type Reader = {
  readonly document: Document;
  readonly report: Report;
  aliases: number;
};

type Node = ParsedNode | null;

/** The value, or undefined when it is absent or was reported. */
export function readField(reader: Reader, node: Node, field: Field, path: string): unknown {
  const offset = node?.range?.[0];
  if (offset !== undefined) reader.report.place(path, offset);
  const value = followAlias(reader, node, path);
  if (value === undefined) return undefined;
  switch (field.kind) {
    case "map":
      return isMap(value) ? readMap(reader, value, field, path) : wrong(reader, value, field, path);
    case "named":
      return isMap(value)
        ? readNamed(reader, value, field, path)
        : wrong(reader, value, field, path);
    case "list":
      return isSeq(value)
        ? readList(reader, value.items as Node[], field, path)
        : wrong(reader, value, field, path);
    case "either":
      return readField(reader, value, isMap(value) ? field.map : field.word, path);
    case "any":
      return isScalar(value) ? value.value : true;
    default:
      if (!isScalar(value)) return wrong(reader, value, field, path);
      return readScalar(reader.report, value.value, field, path);
  }
}

function readMap(
  reader: Reader,
  node: YAMLMap,
  field: Extract<Field, { kind: "map" }>,
  path: string,
): unknown {
  const out: Record<string, unknown> = Object.create(null);
  const { keys, ignoring = [] } = field;
  for (const { name, offset, value } of entries(reader, node, path)) {
    const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
    const at = join(path, name);
    if (key !== undefined) out[name] = readField(reader, value, key.field, at);
    else if (ignoring.some((prefix) => name.startsWith(prefix))) out[name] = true;
    else unknownKey(reader, { path, name, offset }, offered(keys));
  }
  for (const [name, key] of Object.entries(keys)) {
    if (!key.isRequired || node.has(name)) continue;
    if (key.unless !== undefined && node.has(key.unless)) continue;
    const message = `\`${name}\` is missing: ${key.doc}`;
    reader.report.error(path, { code: "missing-key", message });
  }
  return out;
}

function readNamed(
  reader: Reader,
  node: YAMLMap,
  field: Extract<Field, { kind: "named" }>,
  path: string,
): unknown {
  const out: Record<string, unknown> = Object.create(null);
  const written = entries(reader, node, path);
  if (written.length > field.max) tooMany(reader, field.max, path);
  for (const { name, offset, value } of written.slice(0, field.max)) {
    const at = join(path, name);
    if (!isName(name)) {
      const message = `\`${name}\` is not ${describeField({ kind: "name" })}`;
      reader.report.errorAt(at, offset, { code: "bad-name", message });
    }
    out[name] = readField(reader, value, field.of, at);
  }
  return out;
}

function readList(
  reader: Reader,
  items: readonly Node[],
  field: Extract<Field, { kind: "list" }>,
  path: string,
): unknown {
  if (items.length > field.max) tooMany(reader, field.max, path);
  return items
    .slice(0, field.max)
    .map((item, index) => readField(reader, item, field.of, `${path}[${index}]`));
}

type Entry = { readonly name: string; readonly offset: number; readonly value: Node };

function entries(reader: Reader, node: YAMLMap, path: string): readonly Entry[] {
  const seen = new Set<string>();
  return node.items.flatMap((pair) => {
    const key = pair.key as Node;
    const offset = key?.range?.[0] ?? 0;
    if (!isScalar(key)) {
      const message = "a key must be a plain word";
      reader.report.errorAt(path, offset, { code: "bad-key", message });
      return [];
    }
    const name = String(key.value);
    const at = join(path, name);
    if (seen.has(name)) {
      const message = `\`${name}\` is written twice`;
      reader.report.errorAt(at, offset, { code: "duplicate-key", message });
      return [];
    }
    seen.add(name);
    // Until its value, which may be nothing at all, has a place of its own.
    reader.report.place(at, offset);
    return [{ name, offset, value: pair.value as Node }];
  });
}

function offered(keys: Keys): readonly string[] {
  return Object.keys(keys).filter((name) => !keys[name]?.isOld);
}

function unknownKey(
  { report }: Reader,
  { path, name, offset }: { path: string; name: string; offset: number },
  known: readonly string[],
): void {
  const near = suggest(name, known);
  const message = `unknown key \`${name}\`; known here: ${known.join(", ")}`;
  const hint = near === null ? null : `did you mean \`${near}\`?`;
  report.errorAt(join(path, name), offset, { code: "unknown-key", message, hint });
}

function followAlias(reader: Reader, node: Node, path: string): Node | undefined {
  if (!isAlias(node)) return node;
  if (++reader.aliases > MAX_ALIASES) {
    if (reader.aliases === MAX_ALIASES + 1) {
      const message = `more than ${MAX_ALIASES} aliases`;
      reader.report.errorAt(path, node.range?.[0] ?? 0, { code: "too-many-aliases", message });
    }
    return undefined;
  }
  const target = node.resolve(reader.document) as Node | undefined;
  if (target === undefined) {
    const message = `there is no anchor \`&${node.source}\` before this alias`;
    reader.report.errorAt(path, node.range?.[0] ?? 0, { code: "unknown-alias", message });
  }
  return target;
}

function wrong({ report }: Reader, node: Node, field: Field, path: string): undefined {
  const got = isMap(node) ? "a map" : isSeq(node) ? "a list" : "a single value";
  const isEmpty = node === null || (isScalar(node) && node.value === null);
  const message = `expected ${describeField(field)}, found ${isEmpty ? "nothing" : got}`;
  report.error(path, { code: "wrong-type", message });
  return undefined;
}

function tooMany({ report }: Reader, max: number, path: string): void {
  report.error(path, { code: "too-many", message: `more than ${max} entries` });
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

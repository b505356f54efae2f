// A YAML node → the plain value that a field allows, or a diagnostic. Reads only what the schema
// names, into objects without a prototype: a key such as `__proto__` is just an unknown one.
import { type Alias, isAlias, isMap, isScalar, isSeq, type YAMLMap } from "yaml";
import type { Report, Span } from "../report.ts";
import { describeField, type Field } from "../schema/field.ts";
import { type Entry, entriesOf } from "./entries.ts";
import { join, type Reader, type ReadNode, spanOf } from "./reader.ts";
import { isHeaderName, isName, readValue } from "./scalar.ts";
import { explainUnknownKey, offered, type Scope } from "./unknown-key.ts";
import { hintFor } from "./value-hint.ts";
import { isUnfilled, NO_VARIABLES } from "./variables.ts";
import { wrongShape } from "./wrong-shape.ts";

type MapField = Extract<Field, { kind: "map" }>;

/** Where a value is to be read. */
type Place = {
  readonly path: string;
  /** The map that it stands in; null: it is the whole file. */
  readonly scope: Scope | null;
  /** The alias that it is read through. */
  readonly alias: Alias | null;
};

/** The whole file. */
export function readFile(reader: Reader, node: ReadNode, field: Field): unknown {
  return readField(reader, node, field, { path: "", scope: null, alias: null });
}

/** The value, or undefined when it is absent or was reported. */
function readField(reader: Reader, node: ReadNode, field: Field, place: Place): unknown {
  const { report, aliases } = reader;
  const { path } = place;
  const span = spanOf(node);
  if (span !== null) report.place(path, span);
  if (place.alias !== null && !aliases.take(place.alias, path, report)) return undefined;
  if (isAlias(node)) {
    const target = aliases.targetOf(node);
    if (target !== undefined) return readTarget(reader, target, field, { ...place, alias: node });
    const message = `there is no anchor \`&${node.source}\` before this alias`;
    const read = readValue(`*${node.source}`, field);
    const inQuotes = `if it is not an alias, write it in quotes: "*${node.source}"`;
    const hint = ("value" in read ? null : read.hint) ?? inQuotes;
    report.error(path, { code: "unknown-alias", message, hint });
    return undefined;
  }
  return readTarget(reader, node, field, place);
}

/** Reads a node that is no alias. */
function readTarget(reader: Reader, node: ReadNode, field: Field, place: Place): unknown {
  switch (field.kind) {
    case "map":
      if (isMap(node)) return readMap(reader, node, field, place);
      break;
    case "named":
      if (isMap(node)) return readNamed(reader, node, field, place);
      break;
    case "list":
      if (isSeq(node)) return readList(reader, node.items as ReadNode[], field, place);
      break;
    case "either":
      if (isMap(node)) return readTarget(reader, node, field.map, place);
      if (isSeq(node) || field.word.kind !== "list") {
        return readTarget(reader, node, field.word, place);
      }
      break;
    case "any":
      return isScalar(node) ? node.value : true;
    default:
      if (isScalar(node)) return readSingle(reader, node.value, field, place);
  }
  const at = spanOf(node) ?? { start: 0, end: 0 };
  const source = { text: reader.report.excerpt(at), line: reader.report.firstLine(at) };
  reader.report.error(place.path, wrongShape(node, field, source));
  return undefined;
}

function readSingle({ report }: Reader, value: unknown, field: Field, { path }: Place): unknown {
  if (isUnfilled(value, field)) {
    const message = "bal does not expand environment variables: this text is the value";
    report.error(path, { code: "not-filled-in", message, hint: NO_VARIABLES });
    return undefined;
  }
  const read = readValue(value, field);
  if ("value" in read) return read.value;
  report.error(path, { ...read, hint: read.hint ?? hintFor(value, field) });
  return undefined;
}

function readMap(reader: Reader, node: YAMLMap, field: MapField, place: Place): unknown {
  const { report } = reader;
  const { path } = place;
  const out: Record<string, unknown> = Object.create(null);
  const { keys, ignoring = [], ownPrefix } = field;
  const scope = { keys, path, around: place.scope };
  const written = placed(reader, node, path);
  const names = written.map(({ name }) => name);
  for (const { name, span, value, alias } of written) {
    const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
    const at = { path: join(path, name), scope, alias: alias ?? place.alias };
    if (key !== undefined) out[name] = readField(reader, value, key.field, at);
    else if (ignoring.some((prefix) => name.startsWith(prefix))) out[name] = true;
    else if (ownPrefix === undefined || !name.startsWith(ownPrefix))
      unknownKey(reader, { name, span, value, names }, scope);
  }
  reportMissing(report, field, path);
  return out;
}

/** All that its map lacks is one mistake. */
function reportMissing(report: Report, { keys, sample = {} }: MapField, path: string): void {
  const has = (name: string | undefined) => name !== undefined && report.has(join(path, name));
  const missing = Object.entries(keys).filter(
    ([name, { isRequired, unless }]) => isRequired && !has(name) && !has(unless),
  );
  const [only] = missing;
  if (only === undefined) return;
  const words = missing.map(([name]) => `\`${name}\``);
  const last = words.pop();
  const message =
    words.length === 0
      ? `${last} is missing: ${only[1].doc}`
      : `${words.join(", ")} and ${last} are missing`;
  const example = missing.map(([name]) => `${name}: ${sample[name] ?? "…"}`).join(", ");
  const hint = words.length === 0 ? null : `such as \`${example}\``;
  report.error(path, { code: "missing-key", message, hint });
}

function readNamed(
  reader: Reader,
  node: YAMLMap,
  field: Extract<Field, { kind: "named" }>,
  place: Place,
): unknown {
  const { path, scope } = place;
  const out: Record<string, unknown> = Object.create(null);
  const written = placed(reader, node, path);
  if (written.length > field.max) tooMany(reader, field.max, path);
  for (const { name, span, value, alias } of written.slice(0, field.max)) {
    const at = join(path, name);
    if (field.names === "header" ? !isHeaderName(name) : !isName(name)) {
      const wanted =
        field.names === "header" ? "the name of a header" : describeField({ kind: "name" });
      const message = `\`${name}\` is not ${wanted}`;
      reader.report.errorAt(at, span, { code: "bad-name", message });
    }
    const inner = { path: at, scope, alias: alias ?? place.alias };
    out[name] = readField(reader, value, field.of, inner);
  }
  return out;
}

function readList(
  reader: Reader,
  items: readonly ReadNode[],
  field: Extract<Field, { kind: "list" }>,
  place: Place,
): unknown {
  if (items.length > field.max) tooMany(reader, field.max, place.path);
  return items
    .slice(0, field.max)
    .map((item, index) =>
      readField(reader, item, field.of, { ...place, path: `${place.path}[${index}]` }),
    );
}

/** Until its value, which may be nothing at all, has a place of its own, a key's is its. */
function placed(reader: Reader, map: YAMLMap, path: string): readonly Entry[] {
  const entries = entriesOf(reader, map, path);
  for (const { name, span } of entries) reader.report.place(join(path, name), span);
  return entries;
}

type Unknown = {
  readonly name: string;
  readonly span: Span;
  readonly value: ReadNode;
  /** All of its map. */
  readonly names: readonly string[];
};

function unknownKey(
  { report, listed }: Reader,
  { name, span, value, names }: Unknown,
  scope: Scope,
): void {
  if (report.isFull) return;
  const { keys, path } = scope;
  const single = singleIn(value);
  const meant = explainUnknownKey({ name, value: single, names, scope });
  // It is there, though under another name: nothing has to miss it.
  for (const key of meant?.keys ?? []) {
    if (!report.has(join(path, key))) report.place(join(path, key), span);
  }
  const list = listed.has(keys) ? "" : `; known here: ${offered(keys).join(", ")}`;
  if (meant === null) listed.add(keys);
  const finding = meant?.finding ?? {
    code: "unknown-key",
    message: `unknown key \`${name}\`${list}`,
  };
  report.errorAt(join(path, name), span, finding);
}

/** The single value behind a key; undefined: there is a map or a list. */
function singleIn(value: ReadNode): unknown {
  if (isScalar(value)) return value.value ?? undefined;
  // `bind: *:443` is one to YAML.
  if (isAlias(value)) return `*${value.source}`;
  return undefined;
}

function tooMany({ report }: Reader, max: number, path: string): void {
  report.error(path, { code: "too-many", message: `more than ${max} entries` });
}

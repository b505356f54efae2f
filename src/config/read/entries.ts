// The keys of one map of the file: each once, those that it merges (`<<`) among them.
import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  type Scalar,
  type YAMLMap,
} from "yaml";
import type { Span } from "../report.ts";
import { join, type Reader, type ReadNode, spanOf } from "./reader.ts";

export type Entry = {
  readonly name: string;
  /** The place of the key. */
  readonly span: Span;
  readonly value: ReadNode;
  /** Through which it came into this map; null: it stands there. */
  readonly alias: Alias | null;
};

/** In the order of the file. What stands in the map itself wins over what it merges, and an earlier source of
 *  a merge over a later one (https://yaml.org/type/merge.html). */
export function entriesOf(reader: Reader, map: YAMLMap, path: string): readonly Entry[] {
  const own = ownEntries(reader, map, path);
  const names = new Set(own.map(({ name }) => name));
  const merged: Entry[] = [];
  for (const entry of mergedEntries(reader, map, { path, alias: null, inside: new Set([map]) })) {
    if (names.has(entry.name)) continue;
    names.add(entry.name);
    merged.push(entry);
  }
  return [...own, ...merged];
}

function ownEntries(reader: Reader, map: YAMLMap, path: string): readonly Entry[] {
  const seen = new Set<string>();
  return map.items.flatMap((pair) => {
    if (isMerge(pair)) return [];
    const key = pair.key as ReadNode;
    const span = spanOf(key) ?? { start: 0, end: 0 };
    if (!isScalar(key)) {
      const message = "a key must be a plain word";
      reader.report.errorAt(path, span, { code: "bad-key", message });
      return [];
    }
    const name = String(key.value);
    const at = join(path, name);
    if (seen.has(name)) {
      const message = `\`${name}\` is written twice`;
      reader.report.errorAt(at, span, { code: "duplicate-key", message });
      return [];
    }
    seen.add(name);
    return [{ name, span, value: pair.value as ReadNode, alias: null }];
  });
}

type Merging = {
  readonly path: string;
  readonly alias: Alias | null;
  /** The maps that are being merged: an alias to one of them would go round. */
  readonly inside: ReadonlySet<YAMLMap>;
};

function* mergedEntries(reader: Reader, map: YAMLMap, merging: Merging): Generator<Entry> {
  for (const pair of map.items) {
    if (!isMerge(pair)) continue;
    const value = pair.value as ReadNode;
    // An alias may stand for the list, too.
    const list = isAlias(value) ? reader.aliases.targetOf(value) : value;
    const sources = isSeq(list) ? (list.items as ReadNode[]) : [value];
    const through = isSeq(list) && isAlias(value) ? value : merging.alias;
    for (const source of sources)
      yield* entriesOfSource(reader, source, { ...merging, alias: through });
  }
}

function* entriesOfSource(reader: Reader, source: ReadNode, merging: Merging): Generator<Entry> {
  const { path, inside } = merging;
  const alias = isAlias(source) ? source : merging.alias;
  const map = isAlias(source) ? reader.aliases.targetOf(source) : source;
  if (alias !== null && !reader.aliases.take(alias, path, reader.report)) return;
  if (!isMap(map) || inside.has(map)) {
    const span = spanOf(source) ?? { start: 0, end: 0 };
    const message = isAlias(source)
      ? map === undefined
        ? `there is no anchor \`&${source.source}\` before this alias`
        : `\`*${source.source}\` is not a map of keys and values, so it cannot be merged here`
      : "`<<` merges a map of keys and values, such as `<<: *name`";
    reader.report.errorAt(join(path, "<<"), span, { code: "bad-merge", message });
    return;
  }
  // Only the valid part of a source can be merged: its faults are reported where it stands.
  for (const { items } of [map]) {
    for (const pair of items) {
      if (isMerge(pair) || !isScalar(pair.key)) continue;
      const key: Scalar = pair.key;
      const span = spanOf(key) ?? { start: 0, end: 0 };
      yield { name: String(key.value), span, value: pair.value as ReadNode, alias };
    }
  }
  yield* mergedEntries(reader, map, { path, alias, inside: new Set([...inside, map]) });
}

/** A key in quotes is a key like any other. */
function isMerge({ key }: Pair): boolean {
  return isScalar(key) && key.value === "<<" && key.type === "PLAIN";
}

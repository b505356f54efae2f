// `map` blocks, and what a variable is for a given client.
import { namesOfRegex } from "../draft/name-patterns.ts";
import type { Notebook } from "../draft/note.ts";
import type { Client } from "../draft/routes.ts";
import type { Directive } from "./lexer.ts";

type Row = { readonly key: string; readonly value: string; readonly regex: RegExp | null };

type NginxMap = {
  readonly directive: Directive;
  /** An expression: `$ssl_preread_server_name`. */
  readonly source: string;
  readonly hasWildcards: boolean;
  readonly rows: readonly Row[];
  readonly usual: string;
};

export type Maps = ReadonlyMap<string, NginxMap>;

const FLAGS = ["hostnames", "volatile", "include"];

export function readMap(directive: Directive, notes: Notebook): NginxMap {
  const rows: Row[] = [];
  let usual = "";
  for (const { name, args, ...quote } of directive.block ?? []) {
    const [value = ""] = args;
    if (args.length === 0 && FLAGS.includes(name)) continue;
    if (name === "default") usual = value;
    else if (name.startsWith("~")) {
      const regex = regexOf(name);
      if (regex === null) notes.lost(quote, "this regular expression is not understood");
      else rows.push({ key: name, value, regex });
    } else rows.push({ key: name.replace(/^\\/, "").toLowerCase(), value, regex: null });
  }
  const hasWildcards = directive.block?.some(({ name }) => name === "hostnames") === true;
  return { directive, source: directive.args[0] ?? "", hasWildcards, rows, usual };
}

function regexOf(key: string): RegExp | null {
  const isCaseless = key.startsWith("~*");
  const source = key.slice(isCaseless ? 2 : 1).replaceAll("(?P<", "(?<");
  try {
    return new RegExp(source, isCaseless ? "i" : "");
  } catch {
    return null;
  }
}

/** The listener that a client comes in by. */
export type Place = { readonly maps: Maps; readonly port: string };

/** The text with its variables' values; null: one of them is not known before a client is there. */
export function evaluate(text: string, client: Client, place: Place, depth = 0): string | null {
  let isKnown = depth < 16;
  const value = text.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced, simple) => {
    const found = isKnown ? variableOf(braced ?? simple, client, place, depth) : null;
    if (found === null) isKnown = false;
    return found ?? "";
  });
  return isKnown ? value : null;
}

function variableOf(name: string, client: Client, place: Place, depth: number): string | null {
  if (name === "ssl_preread_server_name") return client.name;
  if (name === "ssl_preread_alpn_protocols") return client.protocol;
  if (name === "ssl_preread_protocol") return client.isTls ? "TLSv1.3" : "";
  if (name === "server_port") return place.port;
  const map = place.maps.get(name);
  if (map === undefined) return null;
  const source = evaluate(map.source, client, place, depth + 1);
  return source === null ? null : evaluate(lookUp(map, source), client, place, depth + 1);
}

// Exact, then wildcards, the longest first, then regular expressions in their order (ngx_stream_map_module).
function lookUp({ rows, usual, hasWildcards }: NginxMap, text: string): string {
  const lower = text.toLowerCase();
  const exact = rows.find(({ key, regex }) => regex === null && key === lower);
  if (exact !== undefined) return exact.value;
  const wild = hasWildcards
    ? rows.filter(({ key, regex }) => regex === null && isLike(key, lower))
    : [];
  const [longest] = wild.sort((a, b) => rankOf(b.key) - rankOf(a.key));
  return longest?.value ?? rows.find(({ regex }) => regex?.test(text))?.value ?? usual;
}

// A wildcard at the beginning comes before one at the end.
function rankOf(key: string): number {
  return key.length + (key.endsWith(".*") ? 0 : 1000);
}

function isLike(key: string, name: string): boolean {
  if (key.startsWith("*.")) return name.endsWith(key.slice(1)) && name.length > key.length - 1;
  if (key.startsWith(".")) return name === key.slice(1) || name.endsWith(key);
  return key.endsWith(".*") && name.startsWith(key.slice(0, -1));
}

export type Words = {
  readonly names: ReadonlyMap<string, Directive>;
  readonly protocols: ReadonlyMap<string, Directive>;
};

/** Every name and protocol that the maps behind an expression speak of. */
export function wordsBehind(text: string, maps: Maps, notes: Notebook): Words {
  const names = new Map<string, Directive>();
  const protocols = new Map<string, Directive>();
  for (const map of mapsBehind(text, maps)) {
    for (const row of map.directive.block ?? []) {
      if (/\bssl_preread_server_name\b/.test(map.source)) {
        const found = namesOfKey(row.name, map.hasWildcards);
        if (found === null) {
          notes.lost(
            row,
            "bal routes by whole names and by `*.` wildcards: write the names that are meant",
          );
        }
        for (const name of found ?? []) if (!names.has(name)) names.set(name, row);
      }
      if (!/\bssl_preread_alpn_protocols\b/.test(map.source)) continue;
      for (const protocol of protocolsOfKey(row.name)) protocols.set(protocol, row);
    }
  }
  return { names, protocols };
}

function mapsBehind(text: string, maps: Maps, seen: Set<NginxMap> = new Set()): Set<NginxMap> {
  for (const [, braced, simple] of text.matchAll(/\$(?:\{(\w+)\}|(\w+))/g)) {
    const map = maps.get(braced ?? simple ?? "");
    if (map === undefined || seen.has(map)) continue;
    seen.add(map);
    mapsBehind(map.source, maps, seen);
    for (const { value } of map.rows) mapsBehind(value, maps, seen);
    mapsBehind(map.usual, maps, seen);
  }
  return seen;
}

// Null: no route can say it.
function namesOfKey(key: string, hasWildcards: boolean): readonly string[] | null {
  if (key === "default" || key === "" || FLAGS.includes(key)) return [];
  if (key.startsWith("~")) {
    const regex = key.replace(/^~\*?/, "");
    return /^\^?\.\*\$?$/.test(regex) ? [] : namesOfRegex(regex);
  }
  const lower = key.toLowerCase().replace(/\.$/, "");
  if (!hasWildcards) return lower.includes("*") ? [] : [lower];
  if (lower.startsWith(".")) return [lower.slice(1), `*${lower}`];
  return lower.endsWith(".*") ? null : [lower];
}

function protocolsOfKey(key: string): readonly string[] {
  if (key === "default" || FLAGS.includes(key)) return [];
  const plain = key
    .replace(/^~\*?/, "")
    .replaceAll(/\\b|[\^$]|\(\?:|[()]/g, "")
    .replaceAll("\\", "");
  return plain.split(/[,|]/).filter((word) => /^[\w./+-]+$/.test(word));
}

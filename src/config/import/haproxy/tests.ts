// One test of a connection, as an ACL or a pair of braces has it.
import { parseCidr } from "../../../base/address.ts";
import { namesOfRegex } from "../draft/name-patterns.ts";
import type { Client } from "../draft/routes.ts";

export type Test =
  | NameTest
  | { readonly kind: "protocol"; readonly protocols: readonly string[] }
  /** Does the client speak TLS? */
  | { readonly kind: "tls" }
  | { readonly kind: "source"; readonly networks: readonly string[] }
  /** Does the pool have fewer servers that are up than `below`? */
  | { readonly kind: "servers"; readonly pool: string; readonly below: number }
  /** So many connections of one client or more: at a time, or in a period of the table. `isOver`: more. */
  | {
      readonly kind: "rate" | "concurrent";
      readonly number: number;
      readonly isOver: boolean;
      readonly isOfClient: boolean;
    }
  /** Has the client said anything? */
  | { readonly kind: "said"; readonly value: boolean }
  | { readonly kind: "constant"; readonly value: boolean }
  /** `missing`: a file that it needs and that can't be read. */
  | { readonly kind: "unknown"; readonly missing?: string };

/** `isWhole`: `names` are all that it matches. */
export type NameTest = {
  readonly kind: "name";
  readonly names: readonly string[];
  readonly isWhole: boolean;
  readonly matches: Matches;
};

/** By the name that a client asks for; undefined: the client asks for none. */
type Matches = (name: string) => boolean;

/** Reads the lines of a file that a test refers to; null: it can't be read. */
export type ReadList = (path: string) => readonly string[] | null;

const UNKNOWN: Test = { kind: "unknown" };

const CONSTANTS: Readonly<Record<string, boolean>> = {
  TRUE: true,
  FALSE: false,
  WAIT_END: true,
  always_true: true,
  always_false: false,
};

/** `words`: what stands behind an ACL's name, or between braces. */
export function parseTest(words: readonly string[], readList: ReadList): Test {
  const [fetch = "", ...rest] = words;
  const constant = CONSTANTS[fetch];
  if (constant !== undefined) return { kind: "constant", value: constant };
  const [sample = "", ...converters] = fetch.split(",");
  const [, name = "", argument = ""] = /^([\w.]+)(?:\((.*)\))?$/.exec(sample) ?? [];
  if (converters.some((one) => !["lower", "upper"].includes(one))) return UNKNOWN;
  const pattern = readPattern(rest, readList);
  if (/^(?:req[._])?ssl_hello_type$/.test(name) || /^(?:req[._])?ssl_ver$/.test(name)) {
    return { kind: "tls" };
  }
  if (/^(?:req[._]ssl_sni|ssl_fc_sni)(?:_\w+)?$/.test(name)) return nameTest(name, pattern);
  if (/^(?:req[._]ssl_alpn|ssl_fc_alpn)$/.test(name)) {
    return { kind: "protocol", protocols: pattern.values };
  }
  if (/^req[._]len$/.test(name)) return saidTest(pattern.values);
  if (name === "src") return sourceTest(pattern);
  if (name === "nbsrv") return serversTest(argument, pattern.values);
  return countTest(name, pattern.values);
}

type Pattern = {
  /** `str`, `end`, `reg` and so on; empty: the sample's own. */
  readonly match: string;
  readonly values: readonly string[];
  /** A file that could not be read. */
  readonly missing: string | null;
};

function readPattern(words: readonly string[], readList: ReadList): Pattern {
  const values: string[] = [];
  let match = "";
  let missing: string | null = null;
  let areFlagsOver = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (areFlagsOver || !/^-[A-Za-z-]/.test(word)) values.push(word);
    else if (word === "--") areFlagsOver = true;
    else if (word === "-m") match = words[++at] ?? "";
    else if (word === "-f" || word === "-M") {
      const path = words[++at] ?? "";
      const list = word === "-f" ? readList(path) : null;
      if (list === null) missing = path;
      else values.push(...list);
    } else if (word === "-u") at++;
  }
  return { match, values, missing };
}

function nameTest(fetch: string, { match, values, missing }: Pattern): Test {
  if (missing !== null) return { kind: "unknown", missing };
  const how = match || (/_(end|dom|reg|beg|sub)$/.exec(fetch)?.[1] ?? "str");
  const lower = values.map((value) => value.toLowerCase().replace(/\.$/, ""));
  switch (how) {
    case "str":
      return named(lower, (name) => lower.includes(name));
    case "end":
      return named(lower.flatMap(suffixNames), (name) => lower.some((end) => name.endsWith(end)));
    case "dom":
      return named(lower.flatMap(suffixNames), (name) => lower.some((one) => hasDomain(name, one)));
    case "reg":
      return regexTest(values);
    case "beg":
      return unlisted((name) => lower.some((start) => name.startsWith(start)));
    case "sub":
      return unlisted((name) => lower.some((part) => name.includes(part)));
    case "found":
      return named([], (name) => name !== "");
    default:
      return UNKNOWN;
  }
}

export function named(names: readonly string[], matches: Matches): NameTest {
  return { kind: "name", names, isWhole: true, matches };
}

/** Of names that no route can list. */
export function unlisted(matches: Matches): NameTest {
  return { kind: "name", names: [], isWhole: false, matches };
}

function suffixNames(end: string): readonly string[] {
  return end.startsWith(".") ? [`*${end}`] : [end, `*.${end}`];
}

function hasDomain(name: string, domain: string): boolean {
  return `.${name}.`.includes(`.${domain.replaceAll(/^\.|\.$/g, "")}.`);
}

export function regexTest(values: readonly string[]): Test {
  const patterns = values.map(regexOf);
  if (patterns.includes(null)) return UNKNOWN;
  const names = values.map((value) => namesOfRegex(value));
  const matches = (name: string) => patterns.some((pattern) => pattern?.test(name));
  const test = named(
    names.flatMap((found) => found ?? []),
    matches,
  );
  return { ...test, isWhole: !names.includes(null) };
}

/** Null: JavaScript has no such expression. */
export function regexOf(source: string): RegExp | null {
  try {
    return new RegExp(source, "i");
  } catch {
    return null;
  }
}

function sourceTest({ values, missing }: Pattern): Test {
  if (missing !== null) return { kind: "unknown", missing };
  const networks = values.map((value) => parseCidr(value));
  if (values.length === 0 || networks.includes(null)) return UNKNOWN;
  return { kind: "source", networks: networks.filter((one) => one !== null) };
}

function saidTest(values: readonly string[]): Test {
  const [operator, number] = boundOf(values) ?? [];
  if (number === undefined || number > 1) return UNKNOWN;
  if (operator === "gt" || operator === "ge") return { kind: "said", value: true };
  return { kind: "said", value: false };
}

function serversTest(pool: string, values: readonly string[]): Test {
  const bound = boundOf(values);
  if (bound === null) return UNKNOWN;
  const [operator, number] = bound;
  if (operator === "lt") return { kind: "servers", pool, below: number };
  return operator === "le" || (operator === "eq" && number === 0)
    ? { kind: "servers", pool, below: number + 1 }
    : UNKNOWN;
}

function countTest(fetch: string, values: readonly string[]): Test {
  const [, who = "", what] =
    /^(sc\d?|src|fe|be)_(conn_cur|conn_rate|sess_rate|conn)$/.exec(fetch) ?? [];
  const bound = boundOf(values);
  if (what === undefined || bound === null) return UNKNOWN;
  const [operator, number] = bound;
  if (operator !== "gt" && operator !== "ge") return UNKNOWN;
  const kind = what.endsWith("rate") ? "rate" : "concurrent";
  return { kind, number, isOver: operator === "gt", isOfClient: who.startsWith("s") };
}

function boundOf(values: readonly string[]): readonly [string, number] | null {
  const [operator = "", number] = values.length === 1 ? ["eq", values[0]] : values;
  return /^\d{1,9}$/.test(number ?? "") ? [operator, Number(number)] : null;
}

/** Undefined: it does not depend on what routes see. */
export function holds(test: Test, client: Client): boolean | undefined {
  switch (test.kind) {
    case "name":
      return client.isTls && client.name !== "" && test.matches(client.name);
    case "protocol":
      return client.isTls && test.protocols.includes(client.protocol);
    case "tls":
      return client.isTls;
    case "constant":
    case "said":
      return test.value;
    case "source":
    case "servers":
    case "rate":
    case "concurrent":
    case "unknown":
      return undefined;
    default:
      return test satisfies never;
  }
}

// Which of a listener's routes a client takes: first match wins by kind, exact name, wildcard, protocol,
// default, whatever their order in the config. Built once per generation: a choice costs a few
// look-ups, however many names there are.
import type { ClientHello } from "./client-hello.ts";

/** Has names, or protocols, or is the default. */
export type RouteRule = {
  /** As `a.example` or `*.b.example`, which is any number of labels but not the bare name. */
  readonly sni: readonly string[];
  /** Compared byte by byte, as RFC 7301 has it. */
  readonly alpn: readonly string[];
  readonly isDefault: boolean;
};

export type RouteTable = {
  /** The rule's index; -1: none. */
  readonly choose: (hello: ClientHello) => number;
};

const WILDCARD = "*.";

export function buildRoutes(rules: readonly RouteRule[]): RouteTable {
  const names = rules.map(({ sni }) => sni.map((name) => name.toLowerCase()));
  const exact = indexOf(names.map((list) => list.filter((name) => !name.startsWith(WILDCARD))));
  const wildcards = indexOf(
    names.map((list) => list.filter((name) => name.startsWith(WILDCARD)).map(suffixOf)),
  );
  const protocols = indexOf(rules.map(({ alpn }) => alpn));
  const fallback = rules.findIndex(({ isDefault }) => isDefault);
  return {
    choose: ({ sni, alpn }) =>
      (sni === null ? undefined : (exact.get(sni) ?? longest(wildcards, sni))) ??
      firstOffered(protocols, alpn) ??
      fallback,
  };
}

/** From each word to the first rule that has it. */
function indexOf(words: readonly (readonly string[])[]): ReadonlyMap<string, number> {
  const index = new Map<string, number>();
  for (const [rule, list] of words.entries()) {
    for (const word of list) if (!index.has(word)) index.set(word, rule);
  }
  return index;
}

/** `*.b.example` is found by `b.example`. */
function suffixOf(wildcard: string): string {
  return wildcard.slice(WILDCARD.length);
}

/** Of the wildcards that the name is in, that with the longest suffix. */
function longest(wildcards: ReadonlyMap<string, number>, name: string): number | undefined {
  if (wildcards.size === 0) return undefined;
  for (let dot = name.indexOf("."); dot !== -1; dot = name.indexOf(".", dot + 1)) {
    const rule = wildcards.get(name.slice(dot + 1));
    if (rule !== undefined) return rule;
  }
  return undefined;
}

/** The client's order counts, since it is its preference. */
function firstOffered(
  protocols: ReadonlyMap<string, number>,
  offered: readonly string[],
): number | undefined {
  const wanted = offered.find((protocol) => protocols.has(protocol));
  return wanted === undefined ? undefined : protocols.get(wanted);
}

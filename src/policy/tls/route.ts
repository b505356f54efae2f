// Which of a listener's routes a client takes: first match wins by kind, exact name, wildcard, protocol,
// default, whatever their order in the config. Clients that speak no TLS have a route of their own. Built
// once per generation: a choice costs a few look-ups, however many names there are.
import { type ClientHello, NO_HELLO } from "./client-hello.ts";
import { isHostnameLike } from "./server-name.ts";

/** Has names, or protocols, or is the default, or is for clients that speak no TLS. */
export type RouteRule = {
  /** As `a.example` or `*.b.example`, which is any number of labels but not the bare name. */
  readonly sni: readonly string[];
  /** Compared byte by byte, as RFC 7301 has it. */
  readonly alpn: readonly string[];
  readonly isDefault: boolean;
  readonly isPlain: boolean;
};

type RouteTable = {
  /** The rule's index; -1: none. NO_HELLO stands for a client that speaks no TLS. */
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
  const plain = rules.findIndex(({ isPlain }) => isPlain);
  return {
    choose: (hello) => {
      if (hello === NO_HELLO) return plain;
      const { sni, alpn } = hello;
      const named = sni === null ? undefined : (exact.get(sni) ?? longest(wildcards, sni));
      return named ?? firstOffered(protocols, alpn) ?? fallback;
    },
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

/** Finds the wildcard with the longest suffix among those that match the name. */
function longest(wildcards: ReadonlyMap<string, number>, name: string): number | undefined {
  if (wildcards.size === 0 || !isHostnameLike(name)) return undefined;
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

// Rules of another program → routes. The rules are asked where a client of each kind would go; routes that
// give the same answers are made of the answers, so that it does not matter in which order, or by how many
// conditions, the rules say it.
import { isHostname } from "../../../base/address.ts";
import type { Quote } from "./note.ts";
import { type Traced, traced, type Value } from "./traced.ts";

/** A client as rules see it. */
export type Client = {
  readonly isTls: boolean;
  /** The name that it asks for; empty: none. */
  readonly name: string;
  /** The protocol that it offers; empty: none. */
  readonly protocol: string;
};

/** The pool; "refuse"; or null: no rule says anything. */
export type Answer = { readonly pool: string } | "refuse" | null;

export type Rules = {
  /** `a.example` or `*.b.example`, with the line that names it. */
  readonly names: ReadonlyMap<string, Quote>;
  readonly protocols: ReadonlyMap<string, Quote>;
  readonly decide: (client: Client) => Answer;
};

export type Routing = {
  /** All clients go there; null: `routes` say. */
  readonly pool: string | null;
  readonly routes: readonly Value[];
  /** Where clients go that speak no TLS, if routes are needed at all. */
  readonly plain: Answer;
  /** The places where the routes differ from the rules, each with its line. */
  readonly doubts: readonly Doubt[];
};

type Doubt = { readonly quote: Quote; readonly message: string };

/** A label that no rule names. */
const ANY = "bal-import-any";
/** Asks for a name that no rule names. */
export const STRANGER: Client = { isTls: true, name: `${ANY}.invalid`, protocol: "" };

export function routesFor(rules: Rules): Routing {
  const { decide } = rules;
  const rest = decide(STRANGER);
  const plain = decide({ isTls: false, name: "", protocol: "" });
  if (rules.names.size + rules.protocols.size === 0 && isEqual(rest, plain)) {
    return { pool: poolOf(rest), routes: [], plain, doubts: [] };
  }
  const { byProtocol, left, doubts } = protocolsOf(rules, rest);
  const nameless = decide({ ...STRANGER, name: "" });
  const [first] = rules.names.values();
  if (first !== undefined && !isEqual(nameless, rest)) {
    const message = `a client without a server name went to ${poolOf(nameless) ?? "no backend"}; bal sends it where unknown names go`;
    doubts.push({ quote: first, message });
  }
  const groups = new Groups();
  for (const [name, quote] of rules.names) {
    if (!isServerName(name)) doubts.push({ quote, message: `no client asks for \`${name}\`` });
    else if (!left.has(name))
      groups.add("sni", name, { answer: decide(sample(name)) ?? rest, quote });
  }
  for (const [protocol, answer] of byProtocol) {
    const quote = rules.protocols.get(protocol);
    if (quote !== undefined) groups.add("alpn", protocol, { answer, quote });
  }
  return { pool: null, routes: [...groups.routes(), ...lastRoute(rest)], plain, doubts };
}

function isServerName(name: string): boolean {
  return isHostname(name.replace(/^\*\./, ""));
}

function sample(name: string): Client {
  return { ...STRANGER, name: name.replace(/^\*/, ANY) };
}

function lastRoute(rest: Answer): readonly Value[] {
  const pool = poolOf(rest);
  return pool === null ? [] : [{ default: true, pool }];
}

export function poolOf(answer: Answer): string | null {
  return answer === null || answer === "refuse" ? null : answer.pool;
}

function isEqual(a: Answer, b: Answer): boolean {
  return poolOf(a) === poolOf(b);
}

type ByProtocol = {
  readonly byProtocol: ReadonlyMap<string, Answer>;
  /** Names without a route of their own. */
  readonly left: ReadonlySet<string>;
  readonly doubts: Doubt[];
};

// A name comes before a protocol here. A name whose clients go where all others go, unless they offer a
// protocol, is left to the protocol's route.
function protocolsOf({ names, protocols, decide }: Rules, rest: Answer): ByProtocol {
  const byProtocol = new Map<string, Answer>();
  const left = new Set<string>();
  const doubts: Doubt[] = [];
  for (const [protocol, quote] of protocols) {
    const others = decide({ ...STRANGER, protocol });
    if (!isEqual(others, rest)) byProtocol.set(protocol, others);
    for (const name of names.keys()) {
      const usual = decide(sample(name)) ?? rest;
      const special = decide({ ...sample(name), protocol }) ?? others;
      if (isEqual(usual, special)) continue;
      const known = byProtocol.get(protocol);
      if (isEqual(usual, rest) && (known === undefined || isEqual(known, special))) {
        if (known === undefined) doubts.push({ quote, message: widened(protocol, special) });
        byProtocol.set(protocol, special);
        left.add(name);
      } else {
        const message = `a name comes before a protocol here: clients that ask for ${name} go to ${poolOf(usual) ?? "no backend"}, also those that offer ${protocol}`;
        doubts.push({ quote, message });
      }
    }
  }
  return { byProtocol, left, doubts };
}

function widened(protocol: string, answer: Answer): string {
  return `a route has a name or a protocol, not both: clients that offer ${protocol} go to ${poolOf(answer) ?? "no backend"} also where they ask for another name, unless that has a route`;
}

/** Routes in the making: those of one kind to one pool are one route. */
class Groups {
  readonly #groups = new Map<string, { kind: string; answer: Answer; words: Traced[] }>();

  add(kind: "sni" | "alpn", word: string, { answer, quote }: { answer: Answer; quote: Quote }) {
    const key = `${kind} ${poolOf(answer)}`;
    const group = this.#groups.get(key) ?? { kind, answer, words: [] };
    this.#groups.set(key, group);
    group.words.push(traced(word, quote));
  }

  routes(): readonly Value[] {
    return [...this.#groups.values()].map(({ kind, answer, words }) => {
      const pool = poolOf(answer);
      return { [kind]: words, ...(pool === null ? { refuse: true } : { pool }) };
    });
  }
}

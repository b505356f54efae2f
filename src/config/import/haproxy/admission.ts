// `tcp-request` rules about who may connect → lists of networks, and limits of a client.
import type { Notebook } from "../draft/note.ts";
import { type Traced, traced, type Value } from "../draft/traced.ts";
import type { Condition, Term } from "./conditions.ts";
import type { Line } from "./lexer.ts";

export type Rule = {
  readonly line: Line;
  /** A counter has this connection in it: `track-sc0` stands above. */
  readonly isCounted: boolean;
  /** `connection`, `content` or `session`. */
  readonly phase: string;
  readonly action: readonly string[];
  readonly condition: Condition;
};

export type Admission = {
  readonly allow: readonly Traced[] | null;
  readonly deny: readonly Traced[];
  readonly limits: Readonly<Record<string, Value>>;
  readonly trusted: readonly Traced[] | null;
  /** Rules that are in one of these. */
  readonly used: ReadonlySet<Rule>;
};

type Draft = {
  allow: Traced[] | null;
  deny: Traced[];
  limits: Record<string, Value>;
  trusted: Traced[] | null;
  used: Set<Rule>;
};

/** `period`: of the table that rates are counted in, in milliseconds. */
export function readAdmission(
  rules: readonly Rule[],
  { periodMs, notes }: { readonly periodMs: number; readonly notes: Notebook },
): Admission {
  const draft: Draft = { allow: null, deny: [], limits: {}, trusted: null, used: new Set() };
  const accepted: Traced[] = [];
  const accepting: Rule[] = [];
  for (const rule of rules) {
    const [action = ""] = rule.action;
    if (action === "expect-proxy") readTrusted(rule, draft);
    else if (action === "accept" && isBySource(rule)) {
      accepted.push(...networksOf(rule, false));
      accepting.push(rule);
    } else if (action === "reject" || action === "silent-drop") {
      if (isAlways(rule.condition) && accepting.length > 0) {
        draft.allow = [...(draft.allow ?? []), ...accepted];
        for (const one of [rule, ...accepting]) draft.used.add(one);
      } else readReject(rule, { draft, periodMs, notes });
    }
  }
  const isOpen = draft.allow === null && draft.deny.length > 0;
  for (const rule of accepting.filter((one) => !draft.used.has(one))) {
    draft.used.add(rule);
    const what = isOpen ? "`deny` wins over everything" : "limits count for everybody";
    notes.lost(rule.line, `these clients are let in past the rules below it; in bal ${what}`);
  }
  return draft;
}

function isAlways(condition: Condition): boolean {
  return condition.some((group) => group.length === 0);
}

function isBySource({ condition }: Rule): boolean {
  return condition.every(
    (group) => group.length === 1 && group.every((term) => isSource(term) && !term.isNegated),
  );
}

function isSource({ tests }: Term): boolean {
  return tests.length > 0 && tests.every(({ kind }) => kind === "source");
}

function networksOf({ condition, line }: Rule, isNegated: boolean): readonly Traced[] {
  const terms = condition.flat().filter((term) => term.isNegated === isNegated);
  const tests = terms.flatMap((term) => term.tests);
  return tests.flatMap((test) =>
    test.kind === "source" ? test.networks.map((network) => traced(network, line)) : [],
  );
}

function readTrusted(rule: Rule, draft: Draft): void {
  draft.used.add(rule);
  const everybody = ["0.0.0.0/0", "::/0"].map((network) => traced(network, rule.line));
  draft.trusted = isBySource(rule) ? [...networksOf(rule, false)] : everybody;
}

type Surroundings = { readonly draft: Draft; readonly periodMs: number; readonly notes: Notebook };

function readReject(rule: Rule, { draft, periodMs, notes }: Surroundings): void {
  const { condition } = rule;
  for (const group of condition) {
    const [term] = group;
    if (term === undefined) continue;
    if (group.every((one) => isSource(one) && one.isNegated)) {
      const networks = networksOf({ ...rule, condition: [group] }, true);
      draft.used.add(rule);
      if (draft.allow === null) draft.allow = [...networks];
      else
        notes.lost(rule.line, "a second list that a client must be in: bal has one `allow` list");
    } else if (group.length === 1 && isSource(term)) {
      draft.used.add(rule);
      draft.deny.push(...networksOf({ ...rule, condition: [group] }, false));
    } else if (group.length === 1) readLimit(rule, term, { draft, periodMs, notes });
  }
}

function readLimit(rule: Rule, term: Term, { draft, periodMs }: Surroundings): void {
  const [test] = term.tests;
  if (test === undefined || term.isNegated || term.tests.length > 1) return;
  if (test.kind !== "rate" && test.kind !== "concurrent") return;
  draft.used.add(rule);
  // `ge N` lets N - 1 in, or N where the counter does not have this one in it yet.
  const most = Math.max(test.isOver || !rule.isCounted ? test.number : test.number - 1, 1);
  if (test.kind === "concurrent") {
    const key = test.isOfClient ? "per_client" : "max_connections";
    draft.limits[key] = traced(most, rule.line);
    return;
  }
  const key = test.isOfClient ? "rate_per_client" : "rate";
  draft.limits[key] = traced(rateText(most, periodMs), rule.line);
}

/** The longest time that a rate counts over. */
const LONGEST_S = 3600;

function rateText(most: number, periodMs: number): string {
  const seconds = Math.max(Math.round(periodMs / 1000), 1);
  if (seconds === 1) return `${most}/s`;
  const count = Math.ceil((most * Math.min(seconds, LONGEST_S)) / seconds);
  return `${count}/${Math.min(seconds, LONGEST_S)}s`;
}

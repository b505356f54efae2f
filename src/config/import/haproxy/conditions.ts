// The conditions behind `if` and `unless`: ACLs by name, tests in braces, `!`, `or`.
import type { Client } from "../draft/routes.ts";
import type { Line } from "./lexer.ts";
import { holds, parseTest, type ReadList, type Test } from "./tests.ts";

/** One of `tests` holds, or, if negated, none of them. */
export type Term = { readonly isNegated: boolean; readonly tests: readonly Test[] };

/** One of these groups holds; a group holds when all of its terms do. */
export type Condition = readonly (readonly Term[])[];

type Acls = ReadonlyMap<string, readonly Test[]>;

const ALWAYS: Condition = [[]];

/** Lines of the same name add up. */
export function readAcls(lines: readonly Line[], readList: ReadList): Acls {
  const acls = new Map<string, readonly Test[]>();
  for (const { words } of lines) {
    const [, name = "", ...rest] = words;
    acls.set(name, [...(acls.get(name) ?? []), parseTest(rest, readList)]);
  }
  return acls;
}

/** Splits a rule at its `if` or `unless`. */
export function splitRule(words: readonly string[]): {
  readonly action: readonly string[];
  readonly word: "if" | "unless" | null;
  readonly rest: readonly string[];
} {
  const at = words.findIndex((word) => word === "if" || word === "unless");
  if (at < 0) return { action: words, word: null, rest: [] };
  return {
    action: words.slice(0, at),
    word: words[at] === "if" ? "if" : "unless",
    rest: words.slice(at + 1),
  };
}

export function readCondition(words: readonly string[], acls: Acls, readList: ReadList): Condition {
  const { word, rest } = splitRule(words);
  if (word === null) return ALWAYS;
  const groups: Term[][] = [[]];
  let isNegated = false;
  for (let at = 0; at < rest.length; at++) {
    const text = rest[at] ?? "";
    if (text === "or" || text === "||") groups.push([]);
    else if (text === "!") isNegated = !isNegated;
    else {
      const name = text.replace(/^!+/, "");
      if ((text.length - name.length) % 2 === 1) isNegated = !isNegated;
      const end = name === "{" ? rest.indexOf("}", at) : at;
      const inside = rest.slice(at + 1, end < 0 ? undefined : end);
      const tests = name === "{" ? [parseTest(inside, readList)] : testsOf(name, acls, readList);
      groups.at(-1)?.push({ isNegated, tests });
      isNegated = false;
      if (end > at) at = end;
      else if (end < 0) break;
    }
  }
  return word === "if" ? groups : negate(groups);
}

function testsOf(name: string, acls: Acls, readList: ReadList): readonly Test[] {
  return acls.get(name) ?? [parseTest([name], readList)];
}

/** A condition with more ways than this is not understood. */
const MOST_WAYS = 256;
const UNKNOWN: Condition = [[{ isNegated: false, tests: [{ kind: "unknown" }] }]];

/** Every way in which each group fails by one of its terms. */
function negate(condition: Condition): Condition {
  const count = condition.reduce((product, group) => product * group.length, 1);
  if (count > MOST_WAYS) return UNKNOWN;
  return condition.reduce<Condition>(
    (ways, group) =>
      ways.flatMap((way) => group.map((term) => [...way, { ...term, isNegated: !term.isNegated }])),
    [[]],
  );
}

/** Undefined: it hangs on something that routes don't see. */
export function isTrue(condition: Condition, client: Client): boolean | undefined {
  return any(condition.map((group) => all(group.map((term) => isTermTrue(term, client)))));
}

function isTermTrue({ isNegated, tests }: Term, client: Client): boolean | undefined {
  const value = any(tests.map((test) => holds(test, client)));
  return value === undefined ? undefined : value !== isNegated;
}

function any(values: readonly (boolean | undefined)[]): boolean | undefined {
  if (values.includes(true)) return true;
  return values.includes(undefined) ? undefined : false;
}

function all(values: readonly (boolean | undefined)[]): boolean | undefined {
  if (values.includes(false)) return false;
  return values.includes(undefined) ? undefined : true;
}

export function testsIn(condition: Condition): readonly Test[] {
  return condition.flatMap((group) => group.flatMap(({ tests }) => tests));
}

// Which backends take clients, by what is known of each and what the pool says.
import { expect, test } from "bun:test";
import { mayServe, type Serving, servingOf } from "../../../src/policy/health/serving.ts";
import {
  DRAINING,
  EJECTED,
  EXPECTED,
  PROBE_DOWN,
  PROBE_UP,
  UNRESOLVED,
} from "../../../src/shared/health-bits.ts";

const UNKNOWN = 0;
const rules = {
  there: { failsOpen: true, tellsRole: false },
  strict: { failsOpen: false, tellsRole: false },
  role: { failsOpen: false, tellsRole: true },
  anyRole: { failsOpen: true, tellsRole: true },
};

const table: readonly [keyof typeof rules, readonly number[], Serving, readonly number[]][] = [
  ["there", [PROBE_UP, PROBE_DOWN, UNKNOWN], "eligible", [0, 2]],
  ["there", [PROBE_UP | EJECTED, PROBE_UP], "eligible", [1]],
  ["there", [PROBE_DOWN, PROBE_DOWN | DRAINING], "failing-open", [0]],
  ["there", [PROBE_DOWN, PROBE_UP | EJECTED], "failing-open", [0, 1]],
  ["there", [DRAINING, UNRESOLVED], "nobody", []],
  ["there", [], "nobody", []],
  ["strict", [PROBE_DOWN, UNKNOWN], "eligible", [1]],
  ["strict", [PROBE_DOWN, PROBE_DOWN], "nobody", []],
  // Its check passes: it is the right one, if any.
  ["strict", [PROBE_DOWN, PROBE_UP | EJECTED], "ejected", [1]],
  ["strict", [PROBE_DOWN, EJECTED], "ejected", [1]],
  ["strict", [PROBE_DOWN, PROBE_DOWN | EXPECTED], "expected", []],
  ["strict", [PROBE_DOWN, PROBE_DOWN | EXPECTED | DRAINING], "nobody", []],
  ["there", [PROBE_DOWN, PROBE_DOWN | EXPECTED], "failing-open", [0, 1]],
  ["there", [DRAINING, PROBE_DOWN | EXPECTED | DRAINING], "nobody", []],
  // The one that led is expected, and the others are not asked to stand in for it.
  ["role", [PROBE_DOWN | EXPECTED, PROBE_DOWN], "expected", []],
  ["role", [PROBE_DOWN | EXPECTED, PROBE_UP], "eligible", [1]],
  ["role", [PROBE_UP, UNKNOWN], "eligible", [0]],
  ["role", [PROBE_DOWN, UNKNOWN], "unasked", []],
  ["role", [PROBE_DOWN, UNKNOWN | DRAINING], "nobody", []],
  ["role", [PROBE_DOWN, PROBE_UP | EJECTED], "ejected", [1]],
  ["role", [PROBE_DOWN, PROBE_DOWN | EJECTED], "nobody", []],
  ["anyRole", [UNKNOWN, UNKNOWN], "unasked", []],
  ["anyRole", [PROBE_DOWN, PROBE_DOWN], "failing-open", [0, 1]],
];

test.each(table)("%s: of %p %s are picked, %p", (name, bits, serving, members) => {
  expect(servingOf(bits, rules[name])).toBe(serving);
  const chosen = bits.flatMap((word, at) => (mayServe(word, serving, rules[name]) ? at : []));
  expect(chosen).toEqual([...members]);
});

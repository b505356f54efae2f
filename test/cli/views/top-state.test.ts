// The effect of each key in `bal top`.
import { describe, expect, test } from "bun:test";
import { fromHistory } from "../../../src/api/recent-rates.ts";
import { keysOf } from "../../../src/cli/views/keys.ts";
import { FIRST, press, rowsOf, type TopState } from "../../../src/cli/views/top-state.ts";
import { backendStatus, poolStatus, statusOf } from "../../support/statuses.ts";

describe("keys", () => {
  test.each([
    ["q", ["q"]],
    ["\u001b[A\u001b[B", ["up", "down"]],
    ["\u001bOA", ["up"]],
    ["\u001b[5~\u001b[6~", ["page-up", "page-down"]],
    ["\u001b[H\u001b[4~", ["home", "end"]],
    ["\u0003\u001a\r\t", ["ctrl-c", "ctrl-z", "enter", "tab"]],
    ["\u001b", ["escape"]],
    ["\u001b[1;5Cj", ["j"]],
    ["\u001b[200~", []],
    ["é👍", ["é", "👍"]],
    ["", []],
  ] as const)("%j are %j", (text, keys) => expect(keysOf(text)).toEqual([...keys]));
});

const status = statusOf([
  poolStatus(
    "web",
    backendStatus("a", { active: 1, total: 9 }),
    backendStatus("b", { state: "down", active: 5 }),
    backendStatus("c", { active: 5, dial_errors: 2 }),
  ),
  poolStatus("db", backendStatus("d", { state: "draining", active: 3 })),
]);
const lately = fromHistory(null);
const keyOf = (pool: string, name: string) => JSON.stringify([pool, name]);

/** These keys, one after the other. */
function after(keys: readonly string[], start: TopState = FIRST) {
  let state = start;
  let effect: unknown = null;
  for (const key of keys) {
    const rows = rowsOf(status, lately, state);
    const seen = { rows, keys: rows.map((row) => row.key), page: 2 };
    ({ state, effect } = press(state, key, seen));
  }
  const names = rowsOf(status, lately, state).map(({ backend }) => backend.name);
  return { state, effect, names };
}

test.each([
  [[], "bdac"],
  [["r"], "acdb"],
  [["s"], "bcda"],
  [["s", "r"], "adbc"],
  [["s", "s", "s", "s", "s"], "abcd"],
  [Array(6).fill("s"), "cabd"],
  [Array(7).fill("s"), "abcd"],
  [Array(8).fill("s"), "bdac"],
] as const)("after %j the rows are %s", (keys, names) => {
  expect(after([...keys]).names.join("")).toBe(names);
});

test.each([
  [["j"], "d"],
  [["down", "down"], "a"],
  [["j", "k"], "b"],
  [["k"], "b"],
  [["page-down"], "a"],
  [["G"], "c"],
  [["end", "j"], "c"],
  [["G", "home"], "b"],
] as const)("after %j %s is selected", (keys, name) => {
  expect(JSON.parse(after([...keys]).state.selected!)[1]).toBe(name);
});

test("the selection stays with its backend when the order changes", () => {
  expect(after(["G", "s"]).state.selected).toBe(keyOf("web", "c"));
});

test("a drain waits for its yes; anything else is no, and does nothing else", () => {
  const asked = after(["j", "j", "d"]);
  const question = { kind: "drain", pool: "web", backend: "a", active: 1, drain: true } as const;
  expect(asked.state.question).toEqual(question);
  expect(asked.effect).toBeNull();
  expect(after(["y"], asked.state).effect).toEqual(question);
  for (const key of ["n", "q", "d", "j", "escape", "enter"]) {
    const { state, effect } = after([key], asked.state);
    expect([state.question, state.selected, effect]).toEqual([null, asked.state.selected, null]);
  }
  expect(after(["ctrl-c"], asked.state).effect).toEqual({ kind: "quit" });
});

test("d takes a backend back that drains", () => {
  expect(after(["j", "d"]).state.question).toMatchObject({ backend: "d", drain: false });
});

test("v shows sessions, which s sorts by bytes or age, and which nobody drains", () => {
  const { state, effect } = after(["v"]);
  expect([state.view, effect]).toEqual(["sessions", { kind: "look" }]);
  expect(after(["s"], state).state.sessionSort).toBe("age");
  expect(after(["d"], state).state.question).toBeNull();
  expect(after(["v"], state).state.view).toBe("backends");
});

test("where there is nothing, no key does harm", () => {
  const nothing = { rows: [], keys: [], page: 10 };
  for (const key of ["j", "G", "page-up", "d", "s", "r", "x", "__proto__", "constructor"]) {
    expect(press(FIRST, key, nothing).effect).toBeNull();
  }
});

test("a filter is in force while it is typed; escape shows all again", () => {
  expect(after(["/", "w", "e", "b", " ", "u", "p"]).names.join("")).toBe("ac");
  expect(after(["/", "x", "backspace", "D", "B", "enter"]).names.join("")).toBe("d");
  expect(after(["/", "d", "b", "escape"]).names).toHaveLength(4);
  expect(after(["/", "d", "b", "enter", "escape"]).names).toHaveLength(4);
  // What is typed is no command.
  expect(after(["/", "q"]).effect).toBeNull();
});

test("a weight is digits, and an empty one is none", () => {
  const weight = { kind: "weight", pool: "web", backend: "b", weight: 12 };
  expect(after(["w", "1", "x", "2", "enter"]).effect).toEqual(weight);
  for (const keys of [["enter"], ["1", "escape"]]) expect(after(["w", ...keys]).effect).toBeNull();
});

test("details and help are left as they were entered, and q quits from them", () => {
  for (const key of ["enter", "?"]) {
    expect(after([key]).state.view).not.toBe("backends");
    expect(after([key, "escape"]).state.view).toBe("backends");
    expect(after([key, "q"]).effect).toEqual({ kind: "quit" });
  }
});

test("a session is ended after its yes", () => {
  const seen = { rows: [], keys: ["s1", "s2"], page: 5 };
  const listed = { ...FIRST, view: "sessions", selected: "s2" } as const;
  const asked = press(listed, "K", seen).state;
  expect(asked.question).toEqual({ kind: "kill", id: "s2" });
  expect(press(asked, "y", seen).effect).toEqual({ kind: "kill", id: "s2" });
  expect(press(FIRST, "K", seen).state.question).toBeNull();
});

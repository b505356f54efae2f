// The list remembers since when, and puts the worst first.
import { expect, test } from "bun:test";
import { type Found, ProblemList } from "../../../../src/control/observe/problems/problem-list.ts";
import { RecentRise } from "../../../../src/control/observe/problems/recent-rise.ts";
import { WorkerIncidents } from "../../../../src/control/observe/problems/worker-incidents.ts";

const problem = (code: string, more: Partial<Found> = {}): Found => ({
  ...{ severity: "error", code, subject: "bal", message: code, hint: "mend it" },
  ...more,
});

function listOf() {
  const state = { found: [] as Found[], seconds: 0 };
  const list = new ProblemList(
    () => state.found,
    () => new Date(state.seconds * 1000),
  );
  const read = () =>
    list.read().map(({ code, since }) => `${code} ${new Date(since).getTime() / 1000}`);
  return { state, read };
}

test("a problem lasts since it was first found, until it is gone", () => {
  const { state, read } = listOf();
  state.found = [problem("a")];
  expect(read()).toEqual(["a 0"]);
  state.seconds = 5;
  state.found = [problem("a"), problem("b")];
  expect(read()).toEqual(["a 0", "b 5"]);
  state.found = [];
  expect(read()).toEqual([]);
  state.found = [problem("a")];
  expect(read()).toEqual(["a 5"]);
});

test("the source may know it better", () => {
  const { state, read } = listOf();
  state.seconds = 9;
  state.found = [problem("a", { since: "1970-01-01T00:00:02.000Z" })];
  expect(read()).toEqual(["a 2"]);
});

test("the same trouble of two subjects is two problems", () => {
  const { state, read } = listOf();
  state.found = [problem("a")];
  read();
  state.seconds = 3;
  state.found = [problem("a"), problem("a", { subject: "pool web" })];
  expect(read()).toEqual(["a 0", "a 3"]);
});

test("the worst comes first, equals in the order of their sources", () => {
  const { state, read } = listOf();
  const [warning, critical] = [{ severity: "warning" }, { severity: "critical" }] as const;
  state.found = [problem("w", warning), problem("e1"), problem("c", critical), problem("e2")];
  expect(read()).toEqual(["c 0", "e1 0", "e2 0", "w 0"]);
});

test("a counter's rise is forgotten after its window", () => {
  const rise = new RecentRise(60_000);
  expect(rise.take(0, 0)).toBe(0);
  expect(rise.take(4, 1000)).toBe(4);
  expect(rise.take(5, 30_000)).toBe(5);
  expect(rise.take(5, 61_500)).toBe(1);
  expect(rise.take(5, 120_000)).toBe(0);
  expect(rise.take(7, 130_000)).toBe(2);
  // It was set back, and has counted three since.
  expect(rise.take(3, 131_000)).toBe(3);
});

test("what was counted before the first look has been counted lately", () => {
  expect(new RecentRise(60_000).take(3, 5_000_000)).toBe(3);
});

test("a worker that was lost is a problem until another one serves, and worth a look for an hour", () => {
  let seconds = 0;
  const incidents = new WorkerIncidents(() => new Date(seconds * 1000));
  incidents.lost(1, "it hung");
  incidents.lost(1, "it ended");
  expect(incidents.found()).toMatchObject([
    { severity: "error", code: "worker-lost", subject: "worker 1" },
  ]);
  expect(incidents.found()[0]!.message).toContain("it hung");
  incidents.replaced(1);
  expect(incidents.found()).toMatchObject([{ severity: "warning", code: "worker-replaced" }]);
  seconds = 3601;
  expect(incidents.found()).toEqual([]);
});

// What is wrong first.
import { expect, test } from "bun:test";
import { availability, problemsOf } from "../../src/api/problems.ts";
import { backendStatus, poolStatus, statusOf } from "../support/statuses.ts";

const up = backendStatus("a");
const down = backendStatus("b", { state: "down", reason: "check failed: ECONNREFUSED" });
const ejected = backendStatus("c", { state: "ejected" });
const draining = backendStatus("d", { state: "draining" });
const unknown = backendStatus("e", { state: "unknown" });

const words = (...args: Parameters<typeof statusOf>) =>
  problemsOf(statusOf(...args)).map(({ kind, what }) => `${kind}: ${what}`);

test("nothing, where all are up, not yet checked, or taken out by hand", () => {
  expect(words([poolStatus("web", up, draining, unknown)])).toEqual([]);
});

test("a pool without a backend comes before a backend, the worse state first", () => {
  expect(words([poolStatus("web", up, ejected, down), poolStatus("db", draining)])).toEqual([
    "outage: pool db has no backend that is up",
    "fault: web/b is down",
    "fault: web/c is ejected",
  ]);
});

test("a drain of bal itself comes before all", () => {
  expect(words([poolStatus("web", up)], { phase: "draining" })).toEqual([
    "outage: bal drains and takes no new clients",
  ]);
});

test("says whether clients of such a pool are served at all", () => {
  const reasons = (...backends: Parameters<typeof poolStatus>[1][]) =>
    problemsOf(statusOf([poolStatus("web", ...backends)])).map(({ reason }) => reason);
  expect(reasons()[0]).toContain("no backend at all");
  expect(reasons(down)[0]).toContain("are tried");
  expect(reasons(draining)[0]).toContain("refused");
});

test("a backend without a weight takes no client, however well it is", () => {
  const idle = backendStatus("f", { weight: 0 });
  expect(words([poolStatus("web", up, idle)])).toEqual([]);
  expect(problemsOf(statusOf([poolStatus("web", idle, draining)]))).toMatchObject([
    {
      what: "pool web has no backend that is up and has a weight",
      reason: "all of them drain or have weight 0: clients are refused",
    },
  ]);
  expect(problemsOf(statusOf([poolStatus("web", idle, down)]))).toMatchObject([
    { kind: "outage", reason: "all that do not drain are tried" },
    { kind: "fault", what: "web/b is down" },
  ]);
});

test("counts those that are up", () => {
  expect(availability(statusOf([poolStatus("web", up, down)]))).toBe("1 of 2 backends up");
  expect(availability(statusOf([poolStatus("web", up)]))).toBe("1 of 1 backend up");
});

test("a name that does not resolve is an outage without an answer, and a fault with an old one", () => {
  const found = (
    state: "unresolved" | "stale",
    ...backends: Parameters<typeof poolStatus>[1][]
  ) => {
    const discover = { name: "app.test", state, error: "ESERVFAIL" };
    return problemsOf(statusOf([{ ...poolStatus("web", ...backends), discover }]));
  };
  expect(found("unresolved")).toMatchObject([
    { kind: "outage", reason: "app.test does not resolve (ESERVFAIL)" },
  ]);
  expect(found("unresolved", up)).toMatchObject([
    { kind: "fault", reason: "it has no backends from there" },
  ]);
  expect(found("stale", up)).toMatchObject([
    {
      kind: "fault",
      what: "app.test of pool web does not resolve (ESERVFAIL)",
      reason: "its last answer is in use",
    },
  ]);
});

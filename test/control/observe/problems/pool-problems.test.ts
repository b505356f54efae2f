// The problems of pools, their backends and their queues.
import { expect, test } from "bun:test";
import type { PoolStatus } from "../../../../src/api/admin-api.ts";
import { type Fate, poolProblems } from "../../../../src/control/observe/problems/pool-problems.ts";
import { backendStatus, poolStatus, START, START_MS } from "../../../support/statuses.ts";

const up = backendStatus("a");
const down = backendStatus("b", { state: "down", reason: "check failed: ECONNREFUSED" });
const ejected = backendStatus("c", { state: "ejected" });
const draining = backendStatus("d", { state: "draining" });
const unknown = backendStatus("e", { state: "unknown" });

const facts = { fateOf: () => "refused" as const, nowMs: START_MS };
const found = (...pools: PoolStatus[]) => poolProblems(pools, facts);
const words = (...pools: PoolStatus[]) =>
  found(...pools).map(({ severity, message }) => `${severity}: ${message}`);

test("nothing, where all are up, not yet checked, or taken out by hand", () => {
  expect(words(poolStatus("web", up, draining, unknown))).toEqual([]);
});

test("a pool without a backend comes before a backend, the worse state first", () => {
  expect(words(poolStatus("web", up, ejected, down), poolStatus("db", draining))).toEqual([
    "critical: pool db has no backend that is up: all of them are draining: clients are refused",
    "error: web/b is down: check failed: ECONNREFUSED",
    "error: web/c is ejected",
  ]);
});

test("a pool is down since its last backend went", () => {
  const later = "2026-01-01T00:01:00.000Z";
  const last = backendStatus("c", { state: "down", since: later });
  expect(found(poolStatus("web", down, last))[0]).toMatchObject({ since: later });
  expect(found(poolStatus("web"))[0]).not.toHaveProperty("since");
});

test.each<[Fate, string]>([
  ["tried", "clients are sent to all that are not draining"],
  ["ejected-tried", "although dials have failed"],
  ["wait", "clients wait, and are refused if that takes too long"],
  ["refused", "clients are refused"],
])("says what becomes of clients: %s", (fate, words) => {
  const [outage] = poolProblems([poolStatus("web", down)], { ...facts, fateOf: () => fate });
  expect(outage!.message).toEndWith(words);
});

test("a backend without a weight takes no client, however well it is", () => {
  const idle = backendStatus("f", { weight: 0 });
  expect(words(poolStatus("web", up, idle))).toEqual([]);
  expect(words(poolStatus("web", idle, draining))).toEqual([
    "critical: pool web has no backend that is up and has a weight: all of them are draining or have weight 0: clients are refused",
  ]);
});

test("a full backend is worth a look beside others, and a full pool turns clients away", () => {
  const full = backendStatus("g", { active: 2, max_connections: 2 });
  expect(words(poolStatus("web", up, full))).toEqual([
    "warning: web/g is full: 2 of 2 connections; new clients go to others of its pool",
  ]);
  expect(words(poolStatus("web", full, down))[1]).toBe(
    "critical: pool web is full: its backend has 2 of 2 connections; new clients are refused",
  );
});

test("a queue is a reserve until it is full", () => {
  const full = backendStatus("g", { active: 2, max_connections: 2 });
  const waiting = (length: number) =>
    found({ ...poolStatus("web", full), queue: { length, size: 2 } })[0];
  expect(waiting(1)).toMatchObject({ severity: "warning", code: "pool-full" });
  expect(waiting(2)).toMatchObject({ severity: "critical", code: "queue-full" });
});

test("a name that does not resolve, without an answer and with an old one", () => {
  const by = (state: "unresolved" | "stale", ...backends: Parameters<typeof poolStatus>[1][]) => {
    const discover = { name: "app.test", state, error: "ESERVFAIL" };
    return words({ ...poolStatus("web", ...backends), discover });
  };
  expect(by("unresolved")).toEqual([
    "critical: pool web has no backend: app.test does not resolve (ESERVFAIL): clients are refused",
  ]);
  expect(by("unresolved", up)).toEqual([
    "error: app.test of pool web does not resolve (ESERVFAIL): it has no backends from this name",
  ]);
  expect(by("stale", up)).toEqual([
    "error: app.test of pool web does not resolve (ESERVFAIL): its last answer is in use",
  ]);
});

test("what was set by hand is forgotten after a day", () => {
  const backend = backendStatus("d", {
    state: "draining",
    override: { drain: true },
    override_since: START,
  });
  const pools = [poolStatus("web", up, backend)];
  expect(poolProblems(pools, { ...facts, nowMs: START_MS + 86_399_000 })).toEqual([]);
  expect(poolProblems(pools, { ...facts, nowMs: START_MS + 86_400_000 })).toMatchObject([
    { code: "override-old", since: START, subject: "web/d" },
  ]);
});

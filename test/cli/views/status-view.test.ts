// A status in words: what is there at each width, and text that would like to be more than text.
import { expect, test } from "bun:test";
import type { Problem } from "../../../src/api/problems.ts";
import { fromHistory, Meter } from "../../../src/api/recent-rates.ts";
import { sparkline } from "../../../src/cli/views/sparkline.ts";
import { statusLines } from "../../../src/cli/views/status-view.ts";
import { clip } from "../../../src/cli/views/table.ts";
import {
  backendStatus,
  listenerStatus,
  poolStatus,
  START,
  START_MS,
  statusOf,
} from "../../support/statuses.ts";

const NOTHING = fromHistory(null);
const down = backendStatus("10.0.0.2:80", {
  state: "down",
  reason: "check failed: ECONNREFUSED",
  check_ms: null,
});

function linesOf(
  pools: Parameters<typeof statusOf>[0],
  width?: number,
  problems: readonly Problem[] = [],
): readonly string[] {
  const view = { lately: NOTHING, nowMs: START_MS + 180_000, ...(width && { width }) };
  return statusLines(statusOf(pools, { problems }), view).map((line) => Bun.stripANSI(line));
}

const problem = (message: string, more: Partial<Problem> = {}): Problem => ({
  ...{ severity: "error", code: "backend-down", since: START, subject: "x" },
  ...{ message, hint: "look at it" },
  ...more,
});

test("a headline, what is wrong first, and a table for each pool", () => {
  const web = poolStatus("web", backendStatus("10.0.0.1:80", { active: 7, total: 12_345 }), down);
  const wrong = problem("web/10.0.0.2:80 is down: check failed: ECONNREFUSED");
  expect(linesOf([web], undefined, [wrong])).toEqual([
    "bal 1.2.3 up 3h, 1 of 2 backends up, 120 of 1000 active, generation 4, 2 workers",
    "error for 3m: web/10.0.0.2:80 is down: check failed: ECONNREFUSED",
    "→ look at it",
    "pid 7, loaded 3m ago, config /etc/bal/config.yaml",
    "",
    "  LISTENER  ADDRESS    POOL  ACTIVE  ACCEPTED  REFUSED",
    "  edge      0.0.0.0:1  web      120       500        0",
    "",
    "web  round_robin, 1 of 2 available",
    "  BACKEND      STATE   SINCE  WEIGHT  ACTIVE  NEW/S  TOTAL  IN/S  OUT/S   IN  OUT  DIAL ERRORS  RETRIES  DOWN FOR   CHECK  WHY",
    "  10.0.0.1:80  up     3m ago       1       7      -  12.3k     -      -  0 B  0 B            0        0         0  0.4 ms",
    "  10.0.0.2:80  down   3m ago       1       0      -      0     -      -  0 B  0 B            0        0         0       -  check failed: ECONNREFUSED",
  ]);
});

test("one remedy for several problems in a row is said once, and there are ten at most", () => {
  const many = Array.from({ length: 12 }, (_, n) => problem(`${n} is down`));
  const lines = linesOf([], undefined, [problem("first", { hint: "other" }), ...many]);
  expect(lines.slice(1, 3)).toEqual(["error for 3m: first", "→ other"]);
  expect(lines.slice(3, 14)).toEqual([
    ...many.slice(0, 9).map(({ message }) => `error for 3m: ${message}`),
    "→ look at it",
    "and 3 more problems",
  ]);
});

test("all pools of a screen have the same columns, at the same places", () => {
  const long = backendStatus("a-name-that-is-much-longer-than-others.example:443");
  const lines = linesOf([poolStatus("web", backendStatus("a")), poolStatus("db", long)], 100);
  const heads = lines.filter((line) => line.includes("BACKEND"));
  expect(heads).toHaveLength(2);
  expect(heads[0]).toBe(heads[1]!);
});

test("names alike stay apart when they are cut: the middle goes", () => {
  const [a, b] = ["0001", "0002"].map((n) => backendStatus(`${"node.".repeat(12)}${n}`));
  const lines = linesOf([poolStatus("web", a!, b!)], 80).slice(-2);
  expect(lines[0]).toContain("0001");
  expect(lines[1]).toContain("0002");
});

test("how full a backend and a queue are, who refuses, and how checks come along", () => {
  const backend = backendStatus("a", {
    active: 2,
    max_connections: 2,
    check: { passed: 5, failed: 2, last: "failed", in_a_row: 2, needed: 3 },
  });
  const pool = { ...poolStatus("web", backend), queue: { length: 1, size: 4 }, failing_open: true };
  const refused_by = { denied: 2, no_route: 10 };
  const listeners = [listenerStatus("edge", { refused: 12, refused_by, max_connections: 500 })];
  const view = { lately: NOTHING, nowMs: START_MS };
  const text = statusLines(statusOf([pool], { listeners }), view)
    .map(Bun.stripANSI)
    .join("\n");
  for (const words of ["2 of 2", "queue 1 of 4", "fails open", "2 of 3 checks failed"]) {
    expect(text).toContain(words);
  }
  expect(text).toContain("120 of 500");
  expect(text).toContain("10 no_route, 2 denied");
});

test("where nothing is wrong it says so, and what is not known", () => {
  const of = (state: "up" | "unknown" | "draining") =>
    linesOf([poolStatus("web", backendStatus("a"), backendStatus("b", { state }))])[1];
  expect(of("up")).toBe("nothing is wrong");
  expect(of("unknown")).toBe("nothing is wrong so far: 1 backend not checked yet");
  expect(of("draining")).toBe("nothing is wrong; 1 backend drained");
});

test.each([30, 40, 60, 80, 100, 120, 200])("fits into %d columns", (width) => {
  const long = backendStatus(`unix:/run/${"x".repeat(90)}.sock`);
  const wide = backendStatus("データベース");
  const lines = linesOf([poolStatus("web", long, wide, down)], width);
  expect(lines.filter((line) => Bun.stringWidth(line) > width)).toEqual([]);
  expect(lines.find((line) => line.startsWith("  10.0.0.2"))).toContain("down");
});

test("columns that say less go first", () => {
  const [head] = linesOf([poolStatus("web", down)], 80).slice(-2);
  expect(head!.trim().split(/\s+/)).toEqual(
    ["BACKEND", "STATE", "SINCE", "ACTIVE", "NEW/S", "IN/S", "OUT/S", "WHY"].filter((title) =>
      head!.includes(title),
    ),
  );
  expect(head).toContain("WHY");
});

test("a name from a file obeys no terminal and breaks no line", () => {
  const bad = backendStatus("a\u001b[2J\n\u202eb", { state: "down", reason: "\u001b]0;x\u0007" });
  const text = linesOf([poolStatus("web\u001b[H", bad)]).join("\n");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it is about.
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(linesOf([poolStatus("web", bad)])).toHaveLength(10);
});

test("five hundred backends are five hundred lines", () => {
  const many = Array.from({ length: 500 }, (_, n) => backendStatus(`10.0.0.${n}:80`));
  expect(linesOf([poolStatus("web", ...many)], 100)).toHaveLength(509);
});

test("a line is cut by what it takes on the screen, colours uncounted", () => {
  expect(clip("データベース", 7)).toBe("データ…");
  expect(clip("abc", 3)).toBe("abc");
  expect(Bun.stripANSI(clip("\u001b[31mabcdef\u001b[39m", 4))).toBe("abc…");
});

test("a sparkline is as high as its largest; only nothing is flat, and null is a gap", () => {
  expect(sparkline([0, 0.001, 50, null, 100], 10)).toBe("▁▂▅ █");
  expect(sparkline([0, 0], 10)).toBe("▁▁");
  expect(sparkline([9, 1, 2], 2)).toBe("▅█");
  expect(sparkline([], 10)).toBe("");
});

test("two looks make rates; another process starts from nothing", () => {
  const meter = new Meter();
  const at = (total: number, pid = 7) =>
    statusOf([poolStatus("web", backendStatus("a", { total, bytes_up: total * 10 }))], { pid });
  meter.look(at(100), 1000);
  expect(meter.backend("web", "a").connectionsPerS).toBeNull();
  meter.look(at(130), 3000);
  const recent = { connectionsPerS: 15, bytesUpPerS: 150, bytesDownPerS: 0, trend: [15] };
  expect(meter.backend("web", "a")).toEqual(recent);
  meter.look(at(5, 8), 4000);
  expect(meter.backend("web", "a").connectionsPerS).toBeNull();
  expect(meter.backend("web", "gone").trend).toEqual([]);
});

test("a pool that is found by a name says which, and whether it resolves", () => {
  const titleOf = (state: "resolved" | "stale") => {
    const discover = { name: "app.test", state, error: null };
    const pool = { ...poolStatus("web", backendStatus("a")), discover };
    return linesOf([pool]).find((line) => line.startsWith("web "));
  };
  expect(titleOf("resolved")).toBe("web  round_robin from app.test, 1 of 1 available");
  expect(titleOf("stale")).toBe("web  round_robin from app.test (stale), 1 of 1 available");
});

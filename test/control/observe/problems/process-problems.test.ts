// The problems of the process: orders that it could not carry out, and losses.
import { expect, test } from "bun:test";
import type { LastReload } from "../../../../src/api/admin-api.ts";
import {
  ceilingProblems,
  descriptorProblems,
  memoryProblems,
} from "../../../../src/control/observe/problems/capacity-problems.ts";
import {
  missingProblems,
  reloadProblems,
} from "../../../../src/control/observe/problems/process-problems.ts";

const refused: LastReload = {
  at: "2026-01-01T00:00:00.000Z",
  by: "watcher",
  result: "refused",
  error: "bal.yaml has 2 errors; bal keeps the config in force",
  errors: [3, 7].map((line) => ({
    ...({ severity: "error", file: "bal.yaml", line, column: 1, path: "prot" } as const),
    ...{ code: "unknown-key", message: "unknown key" },
  })),
};

test("a refused config is a problem with its place until one is taken", () => {
  expect(reloadProblems(refused, 4)).toMatchObject([
    {
      code: "config-refused",
      since: refused.at,
      message:
        "the config was refused (reload by watcher), and generation 4 stays in force: bal.yaml:3:1: prot: unknown key (and another error)",
    },
  ]);
  const taken = { ...refused, result: "applied", error: null, errors: [] } as const;
  expect(reloadProblems(taken, 5)).toEqual([]);
  expect(reloadProblems(null, 1)).toEqual([]);
});

test("a refusal that is of no line says why", () => {
  const busy = { ...refused, error: "edge: 0.0.0.0:80 is in use", errors: [] };
  expect(reloadProblems(busy, 4)[0]!.message).toEndWith("edge: 0.0.0.0:80 is in use");
});

test("the ceiling is a problem at its last place, with what can be done", () => {
  const at = (active: number, isConfigured: boolean, waits = false) =>
    ceilingProblems({ max_connections: 5, active }, { isConfigured, waits });
  expect(at(4, true)).toEqual([]);
  expect(at(5, true)[0]).toMatchObject({ hint: "raise limits.max_connections" });
  expect(at(5, false)[0]!.hint).toContain("open-file limit");
  expect(at(5, true, true)[0]!.message).toContain("wait to be accepted");
});

test("memory, buffers and descriptors are told of before they end", () => {
  const little = { used: 89, limit: 100 };
  const much = { used: 90, limit: 100 };
  expect(memoryProblems(little, little)).toEqual([]);
  expect(memoryProblems(much, little)).toMatchObject([{ code: "memory-scarce" }]);
  expect(memoryProblems(little, much)).toMatchObject([{ code: "buffers-full" }]);
  expect(descriptorProblems(little)).toEqual([]);
  expect(descriptorProblems(much)).toMatchObject([{ code: "descriptors-scarce" }]);
});

test("a config whose file is gone is a problem, because the next start would fail", () => {
  expect(missingProblems(false, "/etc/bal/config.yaml")).toEqual([]);
  expect(missingProblems(true, "/etc/bal/config.yaml")).toMatchObject([
    { severity: "error", code: "config-missing", message: expect.stringContaining("/etc/bal/") },
  ]);
});

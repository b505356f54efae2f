// Names with an old answer, as problems.
import { expect, test } from "bun:test";
import { nameProblems } from "../../../../src/control/observe/problems/name-problems.ts";

test("a name that a pool discovers by is left to the pool's own problem", () => {
  const failing = [
    { name: "app.test", error: "ESERVFAIL" },
    { name: "db.test", error: "ETIMEOUT" },
  ];
  const discover = { name: "app.test", state: "stale", error: "ESERVFAIL" } as const;
  const problems = nameProblems(failing, [{ discover }, {}]);
  expect(problems.map(({ code, subject }) => [code, subject])).toEqual([["name-stale", "db.test"]]);
});

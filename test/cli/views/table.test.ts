// Columns.
import { expect, test } from "bun:test";
import { renderTable } from "../../../src/cli/views/table.ts";

test("text stands to the left, numbers to the right, colour has no width", () => {
  const rows = [
    ["a", 7, "\u001b[32mup\u001b[39m", "x"],
    ["longer", 12_345, "down", ""],
  ];
  expect(Bun.stripANSI(renderTable(["NAME", "TOTAL", "STATE", "WHY"], rows)).split("\n")).toEqual([
    "  NAME    TOTAL  STATE  WHY",
    "  a           7  up     x",
    "  longer  12345  down",
  ]);
});

test("a table without rows is its head", () => {
  expect(renderTable(["NAME", "TOTAL"], [])).toBe("  NAME  TOTAL");
});

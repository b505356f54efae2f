import { expect, test } from "bun:test";
import { SlotTable } from "../../../src/control/backends/slot-table.ts";

test("an identity keeps its row, also when it was away", () => {
  const table = new SlotTable(4);
  expect(table.take("a")).toEqual({ slot: 0, isNew: true });
  expect(table.take("b")).toEqual({ slot: 1, isNew: true });
  table.retire("a");
  expect(table.collect(() => false)).toEqual([]);
  expect(table.take("a")).toEqual({ slot: 0, isNew: false });
  expect(table.collect(() => true)).toEqual([]);
});

test("a retired row is given again once it is idle, the longest free first", () => {
  const table = new SlotTable(2);
  table.take("a");
  table.take("b");
  table.retire("b");
  table.retire("a");
  expect(table.collect(() => true)).toEqual(["b", "a"]);
  expect(table.take("c")).toEqual({ slot: 1, isNew: true });
});

test("no row is left", () => {
  const table = new SlotTable(1);
  table.take("a");
  expect(() => table.take("b")).toThrow(RangeError);
});

test("room is counted for what is new only", () => {
  const table = new SlotTable(3);
  table.take("a");
  table.take("b");
  table.retire("b");
  expect(table.hasRoomFor(["a", "b", "c", "c"])).toBe(true);
  expect(table.hasRoomFor(["c", "d"])).toBe(false);
});

// When connections get small buffers.
import { expect, test } from "bun:test";
import { BufferBudget } from "../../../src/data/relay/buffer-budget.ts";
import { Board } from "../../../src/shared/board.ts";

const MIB = 1024 * 1024;

function budgetOf(limitBytes: number, heldBytes: number): BufferBudget {
  const budget = new BufferBudget(new Board(), 0);
  budget.limitBytes = limitBytes;
  budget.add(heldBytes);
  return budget;
}

test("memory is scarce from the start where it is small, and elsewhere once little is left", () => {
  expect(budgetOf(32 * MIB, 0).isScarce()).toBe(true);
  expect(budgetOf(4096 * MIB, 0).isScarce()).toBe(false);
  expect(budgetOf(4096 * MIB, 4000 * MIB).isScarce()).toBe(true);
});

test("the window of a new connection is bounded only while memory is tight", () => {
  const pipe = { receiveBytes: 0 };
  expect([budgetOf(32 * MIB, 0).boundReceive(pipe), pipe.receiveBytes]).toEqual([0, 0]);
  const bytes = budgetOf(32 * MIB, 31 * MIB).boundReceive(pipe);
  expect([bytes, pipe.receiveBytes]).toEqual([4096, 4096]);
});

// The order of turns in a queue that several workers keep together.
import { expect, test } from "bun:test";
import { Board } from "../../src/shared/board.ts";

test("the oldest ticket is first, whichever worker has it", () => {
  const { queue } = new Board();
  const [first, second] = [queue.drawTicket(3), queue.drawTicket(3)];
  queue.setHead(1, 3, second);
  expect(queue.isFirst(3, second)).toBe(true);
  queue.setHead(0, 3, first);
  expect([queue.isFirst(3, first), queue.isFirst(3, second)]).toEqual([true, false]);
  queue.forgetWorker(0);
  expect(queue.isFirst(3, second)).toBe(true);
});

test("so many may wait over all workers, and no more", () => {
  const { queue } = new Board();
  expect([queue.enter(0, 3, 2), queue.enter(1, 3, 2), queue.enter(0, 3, 2)]).toEqual([
    true,
    true,
    false,
  ]);
  queue.leave(1, 3);
  expect([queue.length(3), queue.enter(0, 3, 2)]).toEqual([1, true]);
  queue.forgetWorker(0);
  expect(queue.length(3)).toBe(0);
});

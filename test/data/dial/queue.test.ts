// The order of turns in the queue of a full pool.
import { beforeEach, expect, test } from "bun:test";
import { ClientQueue, type Waiter } from "../../../src/data/dial/queue.ts";
import { Board } from "../../../src/shared/board.ts";

const board = new Board();
let queues: ClientQueue[] = [];
let gone: string[] = [];

beforeEach(() => {
  gone = [];
  board.queue.forgetWorker(0);
  board.queue.forgetWorker(1);
  queues = [0, 1].map(() => {
    const queue = new ClientQueue(0, board.queue);
    queue.size = 10;
    return queue;
  });
});

/** A client that waits in a worker's queue; `mayGo` is asked at each of its turns. */
function wait(name: string, mayGo: () => boolean, { worker = 0, isHeldUp = false } = {}): Waiter {
  const thread: any = { worker, queues: new Set(), watchQueues() {} };
  const queue = queues[worker]!;
  const waiter: Waiter = {
    session: {
      thread,
      fault() {
        gone.push(`${name} fails`);
        queue.leave(waiter);
      },
    },
    isHeldUp,
    tryTurn() {
      if (!mayGo()) return false;
      gone.push(name);
      queue.leave(waiter);
      return true;
    },
    resume() {},
  };
  queue.join(waiter);
  return waiter;
}

const serve = () => {
  for (const queue of queues) queue.serve();
};

test("clients go on in the order in which they came, over all workers", () => {
  let places = 2;
  const take = () => places-- > 0;
  wait("first", take, { worker: 1 });
  wait("second", take);
  wait("third", take, { worker: 1 });
  serve();
  serve();
  expect(gone).toEqual(["first", "second"]);
});

test("one that is held up by what it has tried holds up no other, here or in another worker", () => {
  let isThere = false;
  wait("held up", () => isThere, { isHeldUp: true });
  wait("behind it", () => true);
  wait("elsewhere", () => true, { worker: 1 });
  serve();
  serve();
  expect(gone.toSorted()).toEqual(["behind it", "elsewhere"]);
  isThere = true;
  serve();
  expect(gone).toHaveLength(3);
});

test("one that is held up goes first when it can", () => {
  wait("held up", () => true, { isHeldUp: true });
  wait("behind it", () => true);
  serve();
  expect(gone).toEqual(["held up", "behind it"]);
});

test("a fault in one client's turn ends that client, and the others have theirs", () => {
  wait("faulty", () => {
    throw new Error("a fault");
  });
  wait("behind it", () => true);
  serve();
  expect(gone).toEqual(["faulty fails", "behind it"]);
  wait("later", () => true);
  serve();
  expect(gone).toHaveLength(3);
});

// Who pays when memory is used up far beyond the limit.
import { expect, test } from "bun:test";
import { BufferBudget } from "../../../src/data/relay/buffer-budget.ts";
import { memoryRelief } from "../../../src/data/relay/memory-relief.ts";
import { Progress } from "../../../src/data/relay/progress.ts";
import { Board } from "../../../src/shared/board.ts";

const KIB = 1024;

/** Readers of a thread whose clock stands at the present. */
function readers() {
  const budget = new BufferBudget(new Board(), 0);
  budget.limitBytes = 100 * KIB;
  const sessions = new Set<object>();
  const unsent = new Map<object, number>();
  const ended: string[] = [];
  const thread: any = {
    budget,
    sessions,
    pending: new Set(),
    unsentBytes: (sink: object) => unsent.get(sink) ?? 0,
  };
  budget.onOver = memoryRelief(thread);
  const idle = { pendingBytes: 0 };
  return {
    ended,
    budget,
    /** Holds so much for one that has taken nothing since then, by the sweep. */
    reader(
      name: string,
      heldKib: number,
      { stalledMs, bytes = 80 * KIB, unsentBytes = bytes }: Reads,
    ) {
      const sink = {};
      const progress = new Progress(0);
      progress.look(performance.now(), 80 * KIB, () => 80 * KIB);
      unsent.set(sink, unsentBytes);
      const stalledSinceMs = performance.now() - stalledMs;
      const down = { sink, bytes, progress, stalledSinceMs, pendingBytes: heldKib * KIB };
      const session = {
        ...{ up: idle, down },
        end() {
          ended.push(name);
          sessions.delete(session);
          budget.add(-heldKib * KIB);
        },
      };
      sessions.add(session);
      budget.add(heldKib * KIB);
    },
  };
}

type Reads = {
  readonly stalledMs: number;
  readonly bytes?: number;
  readonly unsentBytes?: number;
};

test("a reader that reads is passed over, although the last sweep is longer ago than the others' start", async () => {
  const { reader, ended } = readers();
  // 20 KiB of what was unsent then have been taken.
  reader("reads", 30, { stalledMs: 900, unsentBytes: 60 * KIB });
  reader("newer", 60, { stalledMs: 100 });
  reader("newest", 60, { stalledMs: 50 });
  await Promise.resolve();
  expect(ended).toEqual(["newer"]);
});

test("one that reads is passed over also when the sweep is late", async () => {
  const { reader, ended, budget } = readers();
  reader("reads", 60, { stalledMs: 5000, unsentBytes: 60 * KIB });
  reader("stalls", 70, { stalledMs: 3000 });
  await Promise.resolve();
  expect([ended, budget.isOver()]).toEqual([["stalls"], false]);
});

test("where all read and nobody else holds anything, the limit holds all the same", async () => {
  const { reader, ended } = readers();
  for (const name of ["a", "b", "c"]) reader(name, 60, { stalledMs: 100, unsentBytes: 0 });
  await Promise.resolve();
  expect(ended).toHaveLength(1);
});

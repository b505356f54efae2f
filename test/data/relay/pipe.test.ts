// A pipe's report to the sweep about its reader.
import { expect, test } from "bun:test";
import { BufferBudget } from "../../../src/data/relay/buffer-budget.ts";
import { Pipe } from "../../../src/data/relay/pipe.ts";
import { Board } from "../../../src/shared/board.ts";

const CHUNK = new Uint8Array(100);
const nobody = () => 0;

function pipeTo(room: () => number) {
  const pipe = new Pipe(new BufferBudget(new Board(), 0), 0);
  const nothing = () => {};
  pipe.source = { write: () => 0, pause: nothing, resume: nothing };
  pipe.sink = { ...pipe.source, write: (chunk) => Math.min(chunk.length, room()) };
  return pipe;
}

test("a reader stalls from when there is something for it to take", () => {
  let room = 0;
  const pipe = pipeTo(() => room);
  // Nothing to take: its source was held, or silent.
  for (const nowMs of [1000, 60_000]) pipe.observe(nowMs, nobody);
  pipe.push(CHUNK);
  pipe.observe(61_000, nobody);
  expect([pipe.pendingBytes, pipe.stalledSinceMs, pipe.progress.movedAtMs]).toEqual([
    100, 60_000, 0,
  ]);
  room = 10;
  pipe.flush();
  pipe.observe(62_000, nobody);
  pipe.observe(63_000, nobody);
  expect([pipe.pendingBytes, pipe.stalledSinceMs, pipe.progress.movedAtMs]).toEqual([
    90, 62_000, 62_000,
  ]);
});

// A thread that was late reads its sockets before it judges deadlines.
import { expect, test } from "bun:test";
import { deadlineIn, Lateness } from "../../src/base/lateness.ts";
import { echoPeer } from "../support/peer.ts";
import { connect } from "../support/wire.ts";

test("what comes once a period is late after three, and once only", () => {
  const lateness = new Lateness(50, 1000);
  const at = (nowMs: number) => lateness.isLate(nowMs);
  expect([at(1050), at(1110), at(1260)]).toEqual([false, false, false]);
  expect([at(5000), at(5050)]).toEqual([true, false]);
});

test("a thread that is always late judges every other time", () => {
  const lateness = new Lateness(50, 0);
  const judged = [1, 2, 3, 4].map((nth) => !lateness.isLate(nth * 1000));
  expect(judged).toEqual([false, true, false, true]);
});

test("an answer that came while the thread was late comes before the deadline", async () => {
  using backend = echoPeer();
  using client = await connect(backend.port);
  const happened: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const answer = client.read(1).then(() => happened.push("answer"));
  await client.send("?");
  // The peer is in this process: it answers after the first one.
  deadlineIn(1, () => {
    happened.push("deadline");
    resolve();
  });
  Bun.sleepSync(200);
  await Promise.all([promise, answer]);
  expect(happened).toEqual(["answer", "deadline"]);
});

test("a deadline that is cancelled does not pass, not even late", async () => {
  let hasPassed = false;
  const cancel = deadlineIn(1, () => {
    hasPassed = true;
  });
  Bun.sleepSync(100);
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(() => {
    cancel();
    setTimeout(resolve, 100);
  }, 0);
  await promise;
  expect(hasPassed).toBe(false);
});

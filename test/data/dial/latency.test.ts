// How long backends take, as least_time compares them.
import { expect, test } from "bun:test";
import { Latency } from "../../../src/data/dial/latency.ts";

/** How many times the first is the second. */
function ratio(times: Latency): number {
  return times.of(1) / times.of(2);
}

test("one of which nothing is known is 0", () => {
  expect(new Latency(5).of(3)).toBe(0);
});

test("a slow answer counts at once, fast ones lower it over ten seconds", () => {
  const times = new Latency(0);
  times.observe(1, 10, 0);
  times.observe(2, 10, 0);
  times.observe(1, 50, 0);
  expect(ratio(times)).toBeCloseTo(5);
  times.observe(1, 10, 1000);
  times.observe(2, 10, 1000);
  // A tenth of the time that it takes.
  expect(ratio(times)).toBeCloseTo((50 * Math.exp(-0.1) + 10 * (1 - Math.exp(-0.1))) / 10);
});

test("the longer ago it was, the less it counts: who was slow is tried again", () => {
  const times = new Latency(0);
  times.observe(1, 100, 0);
  times.observe(2, 10, 30_000);
  expect(ratio(times)).toBeCloseTo(10 * Math.exp(-3));
});

test("days of uptime change nothing", () => {
  const times = new Latency(0);
  const day = 86_400_000;
  for (let hour = 0; hour < 72; hour++) times.observe(1, 20, (hour * day) / 24);
  times.observe(1, 20, 3 * day);
  times.observe(2, 10, 3 * day);
  expect(ratio(times)).toBeCloseTo(2);
  expect(Number.isFinite(times.of(1))).toBe(true);
});

// The schedule of checks, on a clock that the test moves. What a check is, is another file's.
import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { ProberUnderTest, target } from "./prober-under-test.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** Another question than that of the targets. */
const elsewhere = { type: "tcp", port: 9, timeoutMs: 2000 } as const;

describe("when a check is due", () => {
  test("the first one at once, the next ones every interval", async () => {
    using under = new ProberUnderTest();
    under.prober.setTargets([target(1)]);
    await under.pass(2);
    expect(under.probes).toHaveLength(1);
    await under.pass(15_100);
    const [first = 0, ...later] = under.times();
    expect(later.map((atMs) => Math.round((atMs - first) / 100))).toEqual([50, 100, 150]);
  });

  test("the first ones of a few backends all at once, of many within a quarter of a second", async () => {
    using few = new ProberUnderTest();
    few.prober.setTargets(Array.from({ length: 32 }, (_, slot) => target(slot)));
    await few.pass(2);
    expect(few.probes).toHaveLength(32);
    using many = new ProberUnderTest();
    many.prober.setTargets(Array.from({ length: 200 }, (_, slot) => target(slot)));
    await many.pass(125);
    expect(many.probes.length).toBeGreaterThan(80);
    expect(many.probes.length).toBeLessThan(120);
    await many.pass(130);
    expect(many.probes).toHaveLength(200);
  });

  test("the pause is jittered by a tenth either way", async () => {
    for (const [random, pauseMs] of [
      [0, 4500],
      [1, 5500],
    ] as const) {
      using under = new ProberUnderTest();
      under.random = random;
      under.prober.setTargets([target(1)]);
      await under.pass(6000);
      const [first = 0, second = 0] = under.times();
      expect(Math.abs(second - first - pauseMs)).toBeLessThan(10);
    }
  });

  test("fast_interval while a change is undecided, interval once it is decided", async () => {
    using under = new ProberUnderTest();
    under.prober.setTargets([target(1)]);
    await under.pass(2);
    under.error = "ECONNREFUSED";
    await under.pass(5000 + 2 * 500 + 100);
    expect(under.transitions).toEqual(["1 up null", "1 down ECONNREFUSED"]);
    const pauses = under.times().map((atMs, nth, all) => atMs - (all[nth - 1] ?? atMs));
    expect(pauses.map((ms) => Math.round(ms / 100))).toEqual([0, 50, 5, 5]);
    await under.pass(4500);
    expect(under.probes).toHaveLength(4);
    under.error = null;
    await under.pass(1100);
    expect(under.transitions.at(-1)).toBe("1 up null");
    expect(under.probes).toHaveLength(6);
  });

  test("a fast_interval that is longer than the interval slows nothing down", async () => {
    using under = new ProberUnderTest();
    under.error = "ETIMEDOUT";
    under.prober.setTargets([target(1, { intervalMs: 200, fastIntervalMs: 60_000 })]);
    await under.pass(450);
    expect(under.probes).toHaveLength(3);
  });
});

describe("never two at once for one backend", () => {
  test("a check that takes longer than the interval delays the next", async () => {
    using under = new ProberUnderTest();
    under.isHeld = true;
    under.prober.setTargets([target(1)]);
    await under.pass(20_000);
    expect(under.probes).toHaveLength(1);
    await under.release();
    await under.pass(5100);
    expect(under.probes).toHaveLength(2);
  });

  test("urging and syncing begin none beside the one that runs", async () => {
    using under = new ProberUnderTest();
    under.isHeld = true;
    under.prober.setTargets([target(1)]);
    await under.pass(2);
    under.prober.checkNow(1);
    under.prober.setTargets([target(1, { intervalMs: 300 })]);
    under.prober.setTargets([{ ...target(1), endpoints: target(2).endpoints }]);
    await under.pass(10_000);
    expect(under.probes).toHaveLength(1);
  });

  test("256 at a time; the others have their turn when one ends", async () => {
    using under = new ProberUnderTest();
    under.isHeld = true;
    under.prober.setTargets(Array.from({ length: 300 }, (_, slot) => target(slot)));
    await under.pass(300);
    expect(under.probes).toHaveLength(256);
    await under.release();
    expect(under.probes).toHaveLength(300);
    expect(new Set(under.probes.map(({ port }) => port)).size).toBe(300);
  });

  test("one that was dropped and came back while it waited its turn is checked once at a time", async () => {
    using under = new ProberUnderTest();
    under.isHeld = true;
    const others = Array.from({ length: 256 }, (_, nth) => target(nth + 10));
    under.prober.setTargets(others);
    await under.pass(300);
    under.prober.setTargets([...others, target(1)]);
    await under.pass(2);
    under.prober.setTargets(others);
    under.prober.setTargets([...others, target(1)]);
    await under.pass(2);
    await under.release();
    expect(under.probes.filter(({ port }) => port === 1001)).toHaveLength(1);
  });
});

describe("what a result says", () => {
  test("a passing backend is up once, not at each check", async () => {
    using under = new ProberUnderTest();
    under.prober.setTargets([target(1)]);
    await under.pass(10_100);
    expect(under.checks).toEqual(["1 ok", "1 ok", "1 ok"]);
    expect(under.transitions).toEqual(["1 up null"]);
  });

  test("this host's own troubles are a check, not a verdict, and are soon tried again", async () => {
    using under = new ProberUnderTest();
    under.error = "EMFILE";
    under.prober.setTargets([target(1, { fall: 1 })]);
    await under.pass(1100);
    expect(under.checks).toEqual(["1 EMFILE", "1 EMFILE", "1 EMFILE"]);
    expect(under.transitions).toEqual([]);
  });

  test("what was asked of old addresses says nothing about the new ones", async () => {
    using under = new ProberUnderTest();
    under.isHeld = true;
    under.prober.setTargets([target(1, { fall: 1 })]);
    await under.pass(2);
    under.prober.setTargets([{ ...target(1, { fall: 1 }), endpoints: target(2).endpoints }]);
    await under.release("ECONNREFUSED");
    expect([under.checks, under.transitions]).toEqual([[], []]);
    await under.pass(2);
    expect(under.probes.map(({ port }) => port)).toEqual([1001, 1002]);
  });

  test("a backend that was removed while it was checked is not heard of again", async () => {
    using under = new ProberUnderTest();
    under.isHeld = true;
    under.prober.setTargets([target(1)]);
    await under.pass(2);
    under.prober.setTargets([]);
    await under.release();
    await under.pass(10_000);
    expect([under.probes.length, under.checks, under.transitions]).toEqual([1, [], []]);
  });
});

describe("sync and urge", () => {
  test("a backend that stays keeps what is known of it", async () => {
    using under = new ProberUnderTest();
    under.prober.setTargets([target(1)]);
    await under.pass(2);
    under.prober.setTargets([target(1), target(2)]);
    await under.pass(2);
    expect(under.probes.map(({ port }) => port)).toEqual([1001, 1002]);
    expect(under.transitions).toEqual(["1 up null", "2 up null"]);
  });

  test("a new pace counts from now on", async () => {
    using under = new ProberUnderTest();
    under.prober.setTargets([target(1, { intervalMs: 60_000 })]);
    await under.pass(2);
    under.prober.setTargets([target(1, { intervalMs: 200 })]);
    await under.pass(350);
    expect(under.probes).toHaveLength(3);
  });

  test("another question is asked soon, and its answer alone counts from then on", async () => {
    using under = new ProberUnderTest();
    under.prober.setTargets([target(1, { intervalMs: 60_000 })]);
    await under.pass(2);
    under.error = "ECONNREFUSED";
    under.prober.setTargets([target(1, { intervalMs: 60_000, checks: [elsewhere], fall: 1 })]);
    await under.pass(510);
    expect(under.transitions).toEqual(["1 up null", "1 down ECONNREFUSED"]);
  });

  test("the answer to a question that is asked no more says nothing", async () => {
    using under = new ProberUnderTest();
    under.isHeld = true;
    under.prober.setTargets([target(1, { fall: 1 })]);
    await under.pass(2);
    under.isHeld = false;
    under.prober.setTargets([target(1, { fall: 1, checks: [elsewhere] })]);
    await under.release("ETIMEDOUT");
    await under.pass(2);
    expect([under.checks, under.transitions]).toEqual([["1 ok"], ["1 up null"]]);
  });

  test("one that is down is checked often while its pool has nobody", async () => {
    using under = new ProberUnderTest();
    under.error = "ECONNREFUSED";
    under.prober.setTargets([target(1, { fall: 1 })]);
    await under.pass(5000);
    expect(under.probes).toHaveLength(1);
    under.isMissed = true;
    await under.pass(2010);
    expect(under.times()).toEqual([1, 5001, 5501, 6001, 6501, 7001]);
  });

  test("an urged backend is checked now, and nobody else", async () => {
    using under = new ProberUnderTest();
    under.prober.setTargets([target(1), target(2)]);
    await under.pass(1000);
    under.prober.checkNow(2);
    under.prober.checkNow(77);
    await under.pass(2);
    expect(under.probes.map(({ port }) => port)).toEqual([1001, 1002, 1002]);
  });

  test("after stop nothing is checked", async () => {
    using under = new ProberUnderTest();
    under.prober.setTargets([target(1)]);
    await under.pass(2);
    under.prober.stop();
    await under.pass(20_000);
    expect(under.probes).toHaveLength(1);
    expect(jest.getTimerCount()).toBe(0);
  });
});

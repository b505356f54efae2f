// Names: the last good answer stays whatever a name server says next. The look-ups are the test's.
import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { type Answer, Resolver } from "../../../src/control/discovery/resolver.ts";

const HOST = "db.internal";
const INTERVAL_MS = 10_000;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

type Said = readonly string[] | Error;

function failure(code: string): Error {
  return Object.assign(new Error(`getaddrinfo ${code}`), { code });
}

/** A resolver whose name server says what `says` is; with `isHeld` it says nothing until then. */
class ResolverUnderTest implements Disposable {
  readonly resolver: Resolver<string>;
  readonly turns: string[] = [];
  readonly changes: string[] = [];
  readonly asked: string[] = [];
  says: Said = ["10.0.0.1"];
  ttlMs = Number.POSITIVE_INFINITY;
  isHeld = false;
  late: Promise<Answer<string>> | null = null;
  private readonly held: (() => void)[] = [];

  constructor() {
    this.resolver = new Resolver({
      onChange: (host) => this.changes.push(host),
      onTurn: ({ name, kind, error }) => this.turns.push(`${name} ${kind}: ${error}`),
      now: () => Date.now(),
      lookUp: async (host) => {
        this.asked.push(host);
        if (this.isHeld) await new Promise<void>((resolve) => this.held.push(resolve));
        if (this.says instanceof Error) throw this.says;
        return { records: this.says, ttlMs: this.ttlMs, ...(this.late && { late: this.late }) };
      },
    });
  }

  /** Knows the first answer, and keeps it fresh. */
  async known(...hosts: readonly string[]): Promise<void> {
    await this.resolver.resolve(hosts, 2000);
    this.resolver.setNames(hosts);
    this.changes.length = 0;
    this.asked.length = 0;
  }

  /** The next regular look-up, and what it says. */
  async refresh(says?: Said): Promise<readonly string[] | null> {
    if (says !== undefined) this.says = says;
    jest.advanceTimersByTime(INTERVAL_MS);
    await turns();
    return this.resolver.answer(HOST);
  }

  async release(): Promise<void> {
    for (const resolve of this.held.splice(0)) resolve();
    await turns();
  }

  [Symbol.dispose](): void {
    this.resolver.stop();
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

describe("the last good answer is kept", () => {
  test.each([
    ["a name server that fails", failure("EAI_AGAIN"), "EAI_AGAIN"],
    ["a name server that says nothing", failure("ETIMEOUT"), "ETIMEOUT"],
    ["an error without a code", new Error("what"), "Error: what"],
  ])("for ever after %s", async (_, says, error) => {
    using under = new ResolverUnderTest();
    await under.known(HOST);
    for (let i = 0; i < 30; i++) expect(await under.refresh(says)).toEqual(["10.0.0.1"]);
    expect([under.changes, under.resolver.lastError(HOST)]).toEqual([[], error]);
    expect(await under.refresh(["10.0.0.2"])).toEqual(["10.0.0.2"]);
    expect([under.changes, under.resolver.lastError(HOST)]).toEqual([[HOST], null]);
  });

  test("while a look-up does not come back, which is not asked beside it", async () => {
    using under = new ResolverUnderTest();
    await under.known(HOST);
    under.isHeld = true;
    for (let i = 0; i < 5; i++) expect(await under.refresh(["10.0.0.9"])).toEqual(["10.0.0.1"]);
    expect(under.asked).toEqual([HOST]);
    await under.release();
    expect(under.resolver.answer(HOST)).toEqual(["10.0.0.9"]);
  });
});

describe("a server that says that there is nothing", () => {
  test.each([
    ["no such name", failure("ENOTFOUND"), "ENOTFOUND"],
    ["no address", [], "ENODATA"],
  ])("is believed after the hold: %s", async (_, says, error) => {
    using under = new ResolverUnderTest();
    await under.known(HOST);
    under.says = says;
    const answers: unknown[] = [];
    for (let second = 0; second < 45; second++) {
      jest.advanceTimersByTime(1000);
      await turns();
      answers.push(under.resolver.answer(HOST));
    }
    // Asked 10 s after the last answer, and held for 30 s from then on.
    expect(answers.indexOf(null)).toBe(39);
    expect(under.changes).toEqual([HOST]);
    expect(under.turns).toEqual([`${HOST} fails: ${error}`, `${HOST} gone: ${error}`]);
    expect(await under.refresh(["10.0.0.2"])).toEqual(["10.0.0.2"]);
    expect(under.changes).toEqual([HOST, HOST]);
  });

  test("is not believed while others between say something else", async () => {
    using under = new ResolverUnderTest();
    await under.known(HOST);
    for (let i = 0; i < 10; i++) {
      expect(await under.refresh(failure("ENOTFOUND"))).toEqual(["10.0.0.1"]);
      expect(await under.refresh(["10.0.0.1"])).toEqual(["10.0.0.1"]);
    }
    expect(under.changes).toEqual([]);
  });

  test("is believed at once with a hold of 0", async () => {
    using under = new ResolverUnderTest();
    under.resolver.holdMs = 0;
    await under.known(HOST);
    expect(await under.refresh(failure("ENOTFOUND"))).toBeNull();
  });
});

describe("an answer that comes in two parts", () => {
  test("is used as soon as the first one is there, and is whole with the second", async () => {
    using under = new ResolverUnderTest();
    const late = Promise.withResolvers<Answer<string>>();
    under.late = late.promise;
    await under.known(HOST);
    expect(under.resolver.answer(HOST)).toEqual(["10.0.0.1"]);
    late.resolve({ records: ["10.0.0.1", "::1"], ttlMs: 1000 });
    await turns();
    expect([under.resolver.answer(HOST), under.changes]).toEqual([["10.0.0.1", "::1"], [HOST]]);
  });

  test("does not undo what was asked for after it", async () => {
    using under = new ResolverUnderTest();
    const late = Promise.withResolvers<Answer<string>>();
    under.late = late.promise;
    await under.known(HOST);
    under.late = null;
    await under.refresh(["10.0.0.2"]);
    late.resolve({ records: ["10.0.0.1", "::1"], ttlMs: 1000 });
    await turns();
    expect(under.resolver.answer(HOST)).toEqual(["10.0.0.2"]);
  });
});

test("answers of another process serve at once, and are asked for again", async () => {
  using under = new ResolverUnderTest();
  under.resolver.know([{ name: HOST, records: ["10.0.0.7"] }]);
  under.says = failure("ETIMEOUT");
  await under.resolver.resolve([HOST], 2000);
  expect([under.resolver.answer(HOST), under.asked]).toEqual([["10.0.0.7"], []]);
  under.resolver.setNames([HOST]);
  expect(await under.refresh()).toEqual(["10.0.0.7"]);
  expect(under.resolver.knowledge()).toEqual([{ name: HOST, records: ["10.0.0.7"] }]);
  expect(await under.refresh(["10.0.0.8"])).toEqual(["10.0.0.8"]);
});

describe("what is a change", () => {
  test("the same addresses in another order, or twice, are none", async () => {
    using under = new ResolverUnderTest();
    under.says = ["10.0.0.1", "10.0.0.2"];
    await under.known(HOST);
    expect(await under.refresh(["10.0.0.2", "10.0.0.1"])).toEqual(["10.0.0.1", "10.0.0.2"]);
    expect(await under.refresh(["10.0.0.2", "10.0.0.1", "10.0.0.2"])).toHaveLength(2);
    expect(under.changes).toEqual([]);
  });

  test.each([
    ["one more", ["10.0.0.1", "10.0.0.3"]],
    ["another one", ["10.0.0.3"]],
    ["IPv6", ["::1"]],
  ])("%s is one", async (_, says) => {
    using under = new ResolverUnderTest();
    await under.known(HOST);
    expect(await under.refresh(says)).toEqual(says);
    expect(under.changes).toEqual([HOST]);
  });
});

describe("before a config is served", () => {
  test("a name that is unknown is asked, one that is known is not", async () => {
    using under = new ResolverUnderTest();
    await under.resolver.resolve([HOST], 2000);
    await under.resolver.resolve([HOST, "b"], 2000);
    expect(under.asked).toEqual([HOST, "b"]);
    expect(under.resolver.answer("b")).toEqual(["10.0.0.1"]);
  });

  test("it waits no longer than it may, and a late answer still counts", async () => {
    using under = new ResolverUnderTest();
    under.isHeld = true;
    const resolving = under.resolver.resolve([HOST], 2000);
    under.resolver.setNames([HOST]);
    let isDone = false;
    void resolving.then(() => {
      isDone = true;
    });
    jest.advanceTimersByTime(1999);
    await turns();
    expect(isDone).toBe(false);
    jest.advanceTimersByTime(1);
    await resolving;
    expect(under.resolver.answer(HOST)).toBeNull();
    await under.release();
    expect([under.resolver.answer(HOST), under.changes]).toEqual([["10.0.0.1"], [HOST]]);
  });

  test("a name that is not there is no answer, and its error is told", async () => {
    using under = new ResolverUnderTest();
    under.says = failure("ENOTFOUND");
    await under.known(HOST);
    expect([under.resolver.answer(HOST), under.resolver.lastError(HOST)]).toEqual([
      null,
      "ENOTFOUND",
    ]);
    expect(await under.refresh(["10.0.0.1"])).toEqual(["10.0.0.1"]);
    expect(under.changes).toEqual([HOST]);
  });
});

describe("which names are kept fresh", () => {
  test("those of the config in force, every interval", async () => {
    using under = new ResolverUnderTest();
    await under.known(HOST, "b");
    under.resolver.setNames(["b", "c"]);
    await under.resolver.resolve(["c"], 2000);
    under.asked.length = 0;
    await under.refresh();
    await under.refresh();
    expect(under.asked).toEqual(["b", "c", "b", "c"]);
    expect(under.resolver.answer(HOST)).toBeNull();
  });

  test("an answer for a name that was forgotten meanwhile is nobody's", async () => {
    using under = new ResolverUnderTest();
    await under.known(HOST, "b");
    under.isHeld = true;
    await under.refresh(["10.0.0.5"]);
    under.resolver.setNames(["b"]);
    await under.release();
    expect([under.resolver.answer(HOST), under.changes]).toEqual([null, ["b"]]);
  });

  test("without a name there is no timer, and after stop neither", async () => {
    using under = new ResolverUnderTest();
    await under.known(HOST);
    under.resolver.setNames([]);
    expect(jest.getTimerCount()).toBe(0);
    under.resolver.setNames([HOST]);
    under.resolver.stop();
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe("when it is asked for again", () => {
  /** How many times within a minute. */
  async function askedAMinute(under: ResolverUnderTest): Promise<number> {
    under.asked.length = 0;
    for (let ms = 0; ms < 60_000; ms += 500) {
      jest.advanceTimersByTime(500);
      await turns();
    }
    return under.asked.length;
  }

  test.each([
    [0, 60],
    [1, 60],
    [999, 60],
    [2000, 30],
    [5000, 12],
    [10_000, 6],
    [3_600_000, 6],
    [Number.POSITIVE_INFINITY, 6],
  ])("with a TTL of %i ms %i times a minute", async (ttlMs, times) => {
    using under = new ResolverUnderTest();
    under.ttlMs = ttlMs;
    await under.known(HOST);
    expect(await askedAMinute(under)).toBe(times);
  });

  test("as often as the interval says where that is shorter, once it does", async () => {
    using under = new ResolverUnderTest();
    await under.known(HOST);
    under.resolver.intervalMs = 2000;
    under.resolver.askAgain();
    await turns();
    expect(await askedAMinute(under)).toBe(30);
  });

  test("after a failure soon, and then ever less often", async () => {
    using under = new ResolverUnderTest();
    await under.known(HOST);
    await under.refresh(failure("ETIMEOUT"));
    under.asked.length = 0;
    const askedAt: number[] = [];
    for (let second = 1; second <= 40; second++) {
      jest.advanceTimersByTime(1000);
      await turns();
      while (askedAt.length < under.asked.length) askedAt.push(second);
    }
    expect(askedAt).toEqual([1, 3, 7, 15, 25, 35]);
  });

  test("at once, where there are other servers", async () => {
    using under = new ResolverUnderTest();
    await under.known(HOST, "b");
    under.resolver.askAgain();
    expect(under.asked).toEqual([HOST, "b"]);
  });
});

test("that it fails is told once, and that it goes well again", async () => {
  using under = new ResolverUnderTest();
  await under.known(HOST);
  for (const says of [failure("ETIMEOUT"), failure("ENOTFOUND"), []]) await under.refresh(says);
  await under.refresh(["10.0.0.1"]);
  await under.refresh(["10.0.0.2"]);
  expect(under.turns).toEqual([`${HOST} fails: ETIMEOUT`, `${HOST} answers: null`]);
});

// The rules that hold for every method, and the purpose of each.
import { describe, expect, test } from "bun:test";
import type { Facts } from "../../../src/policy/balance/balancer.ts";
import { hashText } from "../../../src/policy/balance/hash.ts";
import { balancers } from "../../../src/policy/balance/registry.ts";
import { buildSchedule, type Member } from "../../../src/policy/balance/schedule.ts";

type MethodName = keyof typeof balancers;

const methods = Object.keys(balancers) as MethodName[];

const members = (...weights: number[]): Member[] =>
  weights.map((weight, slot) => ({ slot, weight, seed: hashText(`10.0.0.${slot + 1}:80`) }));

/** mulberry32 */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function facts(over: Partial<Facts> = {}): Facts {
  let ticket = 0;
  return {
    draw: () => ticket++,
    random: seeded(7),
    isOpen: () => true,
    load: () => 0,
    timeMs: () => 0,
    key: 0,
    boundPercent: 0,
    ...over,
  };
}

/** How many of so many clients each gets, all of whom stay. */
function shares(method: MethodName, weights: number[], clients: number, over: Partial<Facts> = {}) {
  const schedule = buildSchedule(members(...weights));
  const active = weights.map(() => 0);
  const base = facts({ load: (slot) => active[slot] ?? 0, ...over });
  for (let client = 0; client < clients; client++) {
    const slot = balancers[method](schedule, { ...base, key: hashText(`192.168.0.${client}`) });
    active[slot] = (active[slot] ?? 0) + 1;
  }
  return active;
}

describe.each(methods)("%s", (method) => {
  test("gives all to an only member", () => {
    expect(shares(method, [7], 5)).toEqual([5]);
  });

  test("picks nobody when nobody is open, or nobody is there", () => {
    const closed = facts({ isOpen: () => false });
    expect(balancers[method](buildSchedule(members(1, 2, 3)), closed)).toBe(-1);
    expect(balancers[method](buildSchedule([]), facts())).toBe(-1);
  });

  test("picks the only one that is open, however little it weighs", () => {
    const schedule = buildSchedule(members(256, 256, 1, 256));
    for (let client = 0; client < 50; client++) {
      const only = facts({ isOpen: (slot) => slot === 2, key: hashText(`${client}`) });
      expect(balancers[method](schedule, only)).toBe(2);
    }
  });

  test("takes its ticket beyond 2³¹", () => {
    const late = facts({ draw: () => 2 ** 32 - 1 });
    expect(balancers[method](buildSchedule(members(1, 1)), late)).toBeOneOf([0, 1]);
  });
});

test.each(["round_robin", "least_connections", "least_time"] as const)(
  "%s gives each exactly its weight's share",
  (method) => {
    expect(shares(method, [5, 3, 2], 1000)).toEqual([500, 300, 200]);
  },
);

test.each(["random", "source_hash"] as const)("%s gives each about its share", (method) => {
  for (const [slot, share] of shares(method, [5, 3, 2], 10_000).entries()) {
    const due = [5000, 3000, 2000][slot] ?? 0;
    // Five standard deviations of a draw by chance.
    expect(Math.abs(share - due)).toBeLessThan(5 * Math.sqrt(due * (1 - due / 10_000)));
  }
});

describe("the schedule", () => {
  test.each([
    [
      [1, 1, 1],
      [0, 1, 2],
    ],
    [
      [2, 1],
      [0, 1, 0],
    ],
    [
      [256, 256],
      [0, 1],
    ],
    [
      [4, 2, 2],
      [0, 1, 2, 0],
    ],
  ])("of weights %p is %p", (weights, turns) => {
    expect([...buildSchedule(members(...weights)).turns]).toEqual(turns);
  });

  test("never lets a member wait much longer than its share says", () => {
    const weights = [13, 7, 5, 1];
    const { turns } = buildSchedule(members(...weights));
    const total = turns.length;
    for (const [slot, weight] of weights.entries()) {
      const at = [...turns, ...turns].flatMap((s, i) => (s === slot ? [i] : []));
      const gaps = at.slice(1).map((place, i) => place - (at[i] ?? 0));
      expect(Math.max(...gaps)).toBeLessThanOrEqual(Math.ceil(total / weight) + weights.length);
    }
  });

  test("of nobody is empty", () => {
    expect(buildSchedule([]).turns).toHaveLength(0);
  });
});

describe("least_connections", () => {
  const schedule = buildSchedule(members(1, 1, 2));

  test.each([
    [[3, 2, 2], 2],
    [[1, 0, 1], 1],
    [[9, 9, 20], 0],
  ])("with loads %p picks %p", (loads, slot) => {
    const load = (s: number) => loads[s] ?? 0;
    expect(balancers.least_connections(schedule, facts({ load }))).toBe(slot);
  });

  test("takes equals in turn", () => {
    const base = facts();
    const turns = [0, 1, 2, 3].map(() => balancers.least_connections(schedule, base));
    expect(turns).toEqual([0, 1, 2, 0]);
  });
});

test("random's fullest has little more than its share, which chance alone does not reach", () => {
  const active = shares("random", Array(100).fill(1), 10_000);
  expect(Math.max(...active)).toBeLessThanOrEqual(105);
});

describe("least_time", () => {
  const schedule = buildSchedule(members(1, 1, 1));
  const times = (...ms: number[]) => ({ timeMs: (slot: number) => ms[slot] ?? 0 });

  test("prefers the fast one until what it carries makes it slow", () => {
    const active = shares("least_time", [1, 1], 110, times(1, 10));
    expect(active).toEqual([100, 10]);
  });

  test("tries one of which nothing is known", () => {
    for (const draw of [0, 1, 2]) {
      const told = facts({ ...times(5, 9, 0), draw: () => draw });
      expect(balancers.least_time(schedule, told)).toBe(2);
      expect(balancers.least_time(buildSchedule(members(9, 9, 1)), told)).toBe(2);
      // One try tells enough.
      const tried = facts({ ...told, load: (slot) => (slot === 2 ? 3 : 0) });
      expect(balancers.least_time(schedule, tried)).toBe(0);
    }
  });
});

test("first fills one after the other", () => {
  const active = [0, 0, 0];
  const schedule = buildSchedule(members(1, 1, 1));
  const full = facts({ isOpen: (slot) => (active[slot] ?? 0) < 2 });
  const picks = Array.from({ length: 7 }, () => {
    const slot = balancers.first(schedule, full);
    if (slot >= 0) active[slot] = (active[slot] ?? 0) + 1;
    return slot;
  });
  expect(picks).toEqual([0, 0, 1, 1, 2, 2, -1]);
});

describe("source_hash", () => {
  const CLIENTS = 20_000;
  const clients = Array.from({ length: CLIENTS }, (_, i) => hashText(`10.${i >> 8}.${i & 255}.9`));
  const choices = (present: readonly Member[]) => {
    const schedule = buildSchedule(present);
    return clients.map((key) => balancers.source_hash(schedule, facts({ key })));
  };

  test("chooses alike in every process and version", () => {
    const schedule = buildSchedule(members(1, 1, 2, 1));
    const of = (address: string) =>
      balancers.source_hash(schedule, facts({ key: hashText(address) }));
    const known = ["10.0.0.1", "10.0.0.2", "192.168.7.9", "2001:db8::1", "::1"].map(of);
    expect(known).toEqual(KNOWN_CHOICES);
  });

  test("without one of ten only its own clients move, to all the others", () => {
    const all = members(...Array(10).fill(1));
    const before = choices(all);
    const after = choices(all.filter(({ slot }) => slot !== 4));
    const moved = before.flatMap((slot, i) => (slot === after[i] ? [] : [slot]));
    expect(new Set(moved)).toEqual(new Set([4]));
    expect(moved.length / CLIENTS).toBeCloseTo(0.1, 1);
    const heirs = new Set(after.filter((_, i) => before[i] === 4));
    expect(heirs.size).toBe(9);
  });

  test("with an eleventh only its own share moves", () => {
    const before = choices(members(...Array(10).fill(1)));
    const after = choices(members(...Array(11).fill(1)));
    const moved = before.flatMap((slot, i) => (slot === after[i] ? [] : [after[i]]));
    expect(new Set(moved)).toEqual(new Set([10]));
    expect(moved.length / CLIENTS).toBeCloseTo(1 / 11, 1);
  });

  test("another weight moves only what that one gains", () => {
    const before = choices(members(1, 1, 1));
    const after = choices(members(1, 1, 2));
    const moved = before.flatMap((slot, i) => (slot === after[i] ? [] : [after[i]]));
    expect(new Set(moved)).toEqual(new Set([2]));
  });

  test("bounded, nobody has more than that part of its share", () => {
    const crowd = { key: hashText("10.0.0.1") };
    const schedule = buildSchedule(members(1, 1, 2));
    const active = [0, 0, 0];
    for (let client = 0; client < 400; client++) {
      const load = (slot: number) => active[slot] ?? 0;
      const slot = balancers.source_hash(schedule, facts({ ...crowd, load, boundPercent: 150 }));
      active[slot] = (active[slot] ?? 0) + 1;
    }
    // All from one address: it has its favourite as far as the bound allows.
    for (const [slot, share] of active.entries()) {
      expect(share).toBeLessThanOrEqual(slot === 2 ? 301 : 151);
    }
  });
});

const KNOWN_CHOICES = [1, 0, 2, 2, 1];

import { describe, expect, test } from "bun:test";
import { balancers } from "../../../src/policy/balance/registry.ts";
import { buildSchedule, type Member } from "../../../src/policy/balance/schedule.ts";

const members = (...weights: number[]): Member[] =>
  weights.map((weight, slot) => ({ slot, weight }));

function picks(method: keyof typeof balancers, weights: number[], draws: number): number[] {
  const schedule = buildSchedule(members(...weights));
  const active = weights.map(() => 0);
  return Array.from({ length: draws }, (_, ticket) => {
    const slot = balancers[method](schedule, { ticket, load: (s) => active[s] ?? 0 });
    active[slot] = (active[slot] ?? 0) + 1;
    return slot;
  });
}

const count = (slots: number[], of: number) => slots.filter((slot) => slot === of).length;

describe("every method", () => {
  for (const method of Object.keys(balancers) as (keyof typeof balancers)[]) {
    test(`${method} picks only members and gives each its weight's share`, () => {
      const slots = picks(method, [5, 3, 2], 1000);
      expect([0, 1, 2].map((slot) => count(slots, slot))).toEqual([500, 300, 200]);
    });

    test(`${method} gives all to an only member`, () => {
      expect(picks(method, [7], 3)).toEqual([0, 0, 0]);
    });

    test(`${method} takes its ticket beyond 2³¹`, () => {
      const schedule = buildSchedule(members(1, 1));
      const slot = balancers[method](schedule, { ticket: 2 ** 32 - 1, load: () => 0 });
      expect(slot).toBe(1);
    });
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

describe("least connections", () => {
  const schedule = buildSchedule(members(1, 1, 2));

  test.each([
    [[3, 2, 2], 2],
    [[1, 0, 1], 1],
    [[Number.POSITIVE_INFINITY, 9, 20], 1],
  ])("with loads %p picks %p", (loads, slot) => {
    const load = (s: number) => loads[s] ?? 0;
    expect(balancers.least_connections(schedule, { ticket: 0, load })).toBe(slot);
  });

  test("takes equals in turn", () => {
    const turns = [0, 1, 2, 3].map((ticket) =>
      balancers.least_connections(schedule, { ticket, load: () => 0 }),
    );
    expect(turns).toEqual([0, 1, 2, 0]);
  });
});

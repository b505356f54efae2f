// The parts of a generation that a worker is sent, and the generation that it makes of them.
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Generation } from "../../src/shared/generation.ts";
import { generationDelta, patchGeneration } from "../../src/shared/generation-delta.ts";
import { backendOf, listenerOf, poolOf, tcp } from "../support/generation.ts";

const REST = {
  maxConnections: 1000,
  overload: "reject",
  maxBufferedBytes: 1e6,
  splice: { afterBytes: 1e6, maxSessions: 10 },
  access: null,
} as const;

/** Of parts that are made once for each variant, so that what stays is the same object. */
const parts = new Map<string, object>();
function part<T extends object>(key: string, make: () => T): T {
  const made = (parts.get(key) as T | undefined) ?? make();
  parts.set(key, made);
  return made;
}

type PoolChoice = {
  readonly slot: number;
  readonly name: string;
  readonly members: readonly string[];
};

const generations = fc
  .record({
    listeners: fc.uniqueArray(fc.constantFrom("0a", "0b", "1a", "1b", "2a"), {
      selector: ([slot]) => slot,
    }),
    pools: fc.uniqueArray(
      fc.record({
        slot: fc.nat(2),
        name: fc.constantFrom("a", "b"),
        members: fc.uniqueArray(fc.constantFrom("0a", "0b", "1a", "1b", "2a", "3a"), {
          selector: ([slot]) => slot,
        }),
      }),
      { selector: ({ slot }) => slot },
    ),
  })
  .map(({ listeners, pools }) => generation(listeners, pools));

function generation(listeners: readonly string[], pools: readonly PoolChoice[]): Generation {
  return {
    ...REST,
    revision: 1,
    listeners: listeners.map((key) =>
      part(`l${key}`, () => ({ ...listenerOf(tcp(80)), slot: Number(key[0]), name: key })),
    ),
    sockets: listeners.map((_, index) => [index + 10]),
    pools: pools.map(({ slot, name, members }) => {
      const rows = members.map((key) => part(`b${slot}${key}`, () => backend(slot, key)));
      return part(`p${slot}${name}${members}`, () => poolOf(rows, { slot, name }));
    }),
  };
}

// A row of the board is one pool's.
function backend(pool: number, [row = "", name = ""]: string) {
  return backendOf(10 * pool + Number(row), { name });
}

test("a worker has each generation, and the parts that stay are the same objects", () => {
  fc.assert(
    fc.property(fc.array(generations, { minLength: 1, maxLength: 6 }), (all) => {
      let sent: Generation | null = null;
      let has: Generation | null = null;
      for (const next of all) {
        const delta = structuredClone(generationDelta(sent, next));
        const patched: Generation = patchGeneration(has, delta);
        expect(patched).toEqual(next);
        for (const kind of ["listeners", "pools"] as const) {
          for (const [index, one] of next[kind].entries()) {
            const before: number = sent?.[kind].indexOf(one as never) ?? -1;
            if (before >= 0) expect(patched[kind][index]).toBe(has?.[kind][before] as never);
          }
        }
        [sent, has] = [next, patched];
      }
    }),
  );
});

test("of a pool with another weight one backend is sent", () => {
  const backends = Array.from({ length: 1000 }, (_, slot) => backendOf(slot));
  const before = { ...generation(["0a", "1a"], []), pools: [poolOf(backends)] };
  const heavier = { ...backendOf(7), weight: 9 };
  const pools = [poolOf(backends.with(7, heavier))];
  const delta = generationDelta(before, { ...before, pools });
  expect(delta.backends).toEqual([heavier]);
  expect(delta.pools.changed).toEqual([]);
  expect(delta.listeners.changed).toEqual([]);
});

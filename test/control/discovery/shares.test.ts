// Which discovered backends are taken when there are more than a pool wants, or than there are rows for.
import { describe, expect, test } from "bun:test";
import type { Config } from "../../../src/config/config.ts";
import { withDiscovered } from "../../../src/control/discovery/discovered.ts";
import { fairShares, fitted } from "../../../src/control/discovery/shares.ts";
import { parse } from "../../support/findings.ts";

function configOf(pools: Readonly<Record<string, object>>): Config {
  const listeners = Object.keys(pools).map((pool, index) => ({
    name: pool,
    port: 80 + index,
    pool,
  }));
  const result = parse({ listeners, pools });
  if (result.kind !== "valid") throw new Error(JSON.stringify(result.errors));
  return result.config;
}

/** Each name of `counts` has so many addresses. */
function found(config: Config, counts: Readonly<Record<string, number>>): Config {
  const addressesOf = (host: string) =>
    Array.from(
      { length: counts[host] ?? 0 },
      (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`,
    );
  return withDiscovered(config, { addressesOf, servicesOf: () => null });
}

const ALL_FREE = { freeRows: 4096, hasRow: () => false };

describe("a pool takes", () => {
  const config = configOf({
    p: { discover: { dns: "p", port: 80, max: 2 }, backends: [{ host: "10.9.0.1", port: 80 }] },
  });
  const all = found(config, { p: 3 });
  const namesWith = (freeRows: number, ...present: readonly string[]) => {
    const rows = { freeRows, hasRow: (_: string, name: string) => present.includes(name) };
    const { config: next, cuts } = fitted(all, { configured: config, rows, reserved: 1 });
    return [next.pools[0]?.backends.map(({ name }) => name), cuts[0]?.leftOut, cuts[0]?.cause];
  };
  const own = "10.9.0.1:80";

  test("as many as its max, besides those that are configured", () => {
    expect(namesWith(9)).toEqual([[own, "10.0.0.0:80", "10.0.0.1:80"], 1, "max"]);
  });

  test("those that have a row already before others", () => {
    expect(namesWith(9, "10.0.0.2:80")).toEqual([[own, "10.0.0.0:80", "10.0.0.2:80"], 1, "max"]);
  });

  test("no more than there are free rows, of which the configured ones come first", () => {
    expect(namesWith(2)).toEqual([[own, "10.0.0.0:80"], 2, "room"]);
    expect(namesWith(1)).toEqual([[own], 3, "room"]);
    expect(namesWith(0, own, "10.0.0.1:80")).toEqual([[own, "10.0.0.1:80"], 2, "room"]);
  });
});

test("pools share the room evenly, and an eighth of it stays free", () => {
  const discover = (dns: string) => ({ discover: { dns, port: 80, max: 4096 } });
  const config = configOf({
    big: discover("big"),
    bigger: discover("bigger"),
    small: discover("small"),
  });
  const all = found(config, { big: 4000, bigger: 9000, small: 3 });
  const { config: next, cuts } = fitted(all, { configured: config, rows: ALL_FREE, reserved: 0 });
  const counts = next.pools.map(({ backends }) => backends.length);
  expect(counts).toEqual([1790, 1791, 3]);
  expect(cuts.map(({ pool, cause, found: of }) => [pool, cause, of])).toEqual([
    ["big", "room", 4000],
    ["bigger", "room", 9000],
  ]);
});

test("rows that a config reserves for its own are nobody else's", () => {
  const config = configOf({ p: { discover: { dns: "p", port: 80, max: 4096 } } });
  const room = { configured: config, rows: ALL_FREE, reserved: 4088 };
  expect(fitted(found(config, { p: 50 }), room).config.pools[0]?.backends).toHaveLength(7);
  const full = { ...room, reserved: 4096 };
  expect(fitted(found(config, { p: 50 }), full).config.pools[0]?.backends).toEqual([]);
});

test("what fits is left as it is", () => {
  const config = configOf({ p: { discover: { dns: "p", port: 80 } } });
  const all = found(config, { p: 256 });
  expect(fitted(all, { configured: config, rows: ALL_FREE, reserved: 0 })).toEqual({
    config: all,
    cuts: [],
  });
});

test.each([
  [[], 5, []],
  [[1, 2, 3], 6, [1, 2, 3]],
  [[9, 1, 9], 9, [4, 1, 4]],
  [[5, 5, 5], 2, [0, 1, 1]],
  [[3, 3], -1, [0, 0]],
])("of %j who share %i each gets %j", (wanted, available, shares) => {
  expect(fairShares(wanted, available)).toEqual(shares);
});

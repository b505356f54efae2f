import { describe, expect, test } from "bun:test";
import { formatDuration, formatSize } from "../../src/base/units.ts";
import { MAX_BACKENDS } from "../../src/config/schema/schema-backend.ts";
import * as board from "../../src/shared/board-layout.ts";
import { errorsOf, parse } from "../support/findings.ts";
import { allowedAt, configWith, type Place, places, withoutAuto } from "../support/schema-walk.ts";

const all = places();

type Bounds = {
  readonly min: number;
  readonly max: number;
  /** How a number is written under this key. */
  readonly write: (value: number) => string | number;
  /** Is 0 allowed, though below `min`? */
  readonly canBeOff: boolean;
};

function boundsOf({ field }: Place): Bounds | null {
  const plain = withoutAuto(field);
  if (plain.kind === "integer" || plain.kind === "ports")
    return { ...plain, write: Number, canBeOff: false };
  if (plain.kind === "size") return { ...plain, write: formatSize, canBeOff: false };
  return plain.kind === "duration" ? { ...plain, write: formatDuration } : null;
}

const numeric = all.flatMap((place) => {
  const bounds = boundsOf(place);
  return bounds === null ? [] : [[place.path, place, bounds] as const];
});

test("the schema is walked to its end", () => {
  const paths = numeric.map(([path]) => path);
  expect(paths).toContain("port");
  expect(paths).toContain("limits.max_buffered");
  expect(paths).toContain("runtime.health_check_interval_ms");
  expect(paths).toContain("listeners[0].port");
  expect(paths).toContain("pools.web.health_check.interval");
  expect(paths).toContain("pools.web.backends[0].weight");
  expect(new Set(paths).size).toBe(paths.length);
});

describe.each(numeric)("%s", (path, place, { min, max, write, canBeOff }) => {
  const errorsWith = (value: unknown) => errorsOf(parse(configWith(place, value)));
  const refusal = { path, code: "out-of-range" };

  test("may be its least and its greatest value", () => {
    expect(errorsWith(write(min))).toEqual([]);
    expect(errorsWith(write(max))).toEqual([]);
  });

  test("may not be more, and the message says how much", () => {
    const [error, ...others] = errorsWith(write(max + 1));
    expect(others).toEqual([]);
    expect(error).toMatchObject(refusal);
    expect(error?.message).toContain(`${write(min)} to ${write(max)}`);
  });

  test(`may ${canBeOff ? "be 0, but not" : "not be"} less`, () => {
    const below = write(min - 1);
    if (canBeOff) expect(min - 1).toBe(0);
    const expected = canBeOff ? [] : [expect.objectContaining(refusal)];
    expect(errorsWith(below)).toEqual(expected);
  });

  test("may not have a fraction", () => {
    const value = write(min + 1);
    const halved = typeof value === "number" ? value + 0.5 : value.replace(/\d+/, "$&.0001");
    const [error, ...others] = errorsWith(halved);
    expect(others).toEqual([]);
    expect(error?.path).toBe(path);
  });
});

describe("a value of another kind", () => {
  const scalars = all.filter(
    ({ field }) => !["map", "list", "named", "any", "either"].includes(field.kind),
  );
  const collections = all.filter(({ field }) => ["map", "list", "named"].includes(field.kind));

  function refuses(place: Place, value: unknown, found: string): void {
    const error = errorsOf(parse(configWith(place, value))).find(({ path }) => path === place.path);
    expect(error).toMatchObject({
      code: "wrong-type",
      message: `expected ${allowedAt(place)}, found ${found}`,
    });
  }

  test.each(scalars.map((place) => [place.path, place] as const))(
    "is refused for %s",
    (_, place) => {
      refuses(place, { a: 1 }, "a map");
      refuses(place, [1], "a list");
    },
  );

  test.each(collections.map((place) => [place.path, place] as const))(
    "is refused for %s",
    (_, place) => {
      const isList = place.field.kind === "list";
      refuses(place, 1, "a single value");
      refuses(place, null, "nothing");
      refuses(place, isList ? {} : [], isList ? "a map" : "a list");
    },
  );
});

describe("a default", () => {
  const defaulted = all.filter((place) => place.default !== undefined);

  test.each(defaulted.map((place) => [place.path, place] as const))(
    "may be written as well, for %s",
    (_, place) => {
      const written = parse(configWith(place, place.default));
      const absent = parse(configWith(place, undefined));
      expect(written.kind).toBe("valid");
      // A longer value ends further right.
      const without = JSON.parse(JSON.stringify(absent), (key, value) =>
        key === "end_column" ? undefined : value,
      );
      expect(written).toMatchObject(without);
    },
  );
});

describe("the longest list", () => {
  const backend = (n: number) => ({ host: `h${n}`, port: 80 });
  const backends = (length: number) => Array.from({ length }, (_, n) => backend(n));

  test("of backends has 4096", () => {
    expect(errorsOf(parse({ backends: backends(4096) }))).toEqual([]);
    const [error] = errorsOf(parse({ backends: backends(4097) }));
    expect(error).toMatchObject({ path: "backends", code: "too-many" });
    expect(error?.message).toContain("4096");
  });

  test("of backends has 4096 over all pools", () => {
    const listeners = [{ name: "l", port: 80, pool: "a" }];
    const pools = (more: number) => ({
      a: { backends: backends(4000) },
      b: { backends: backends(more) },
    });
    expect(errorsOf(parse({ listeners, pools: pools(96) }))).toEqual([]);
    const [error] = errorsOf(parse({ listeners, pools: pools(97) }));
    expect(error).toMatchObject({ path: "pools", code: "too-many" });
    expect(error?.message).toMatch("4097 backends in all pools together; 4096 are allowed");
  });

  test("of listeners and of pools has 1024", () => {
    const name = (n: number) => `p${n}`;
    const config = (count: number) => ({
      listeners: Array.from({ length: count }, (_, n) => ({
        name: name(n),
        port: n + 1,
        pool: name(n),
      })),
      pools: Object.fromEntries(
        Array.from({ length: count }, (_, n) => [name(n), { backends: [backend(n)] }]),
      ),
    });
    expect(errorsOf(parse(config(1024)))).toEqual([]);
    const codes = errorsOf(parse(config(1025))).map(({ path, code }) => `${path}: ${code}`);
    expect(codes).toEqual(["listeners: too-many", "pools: too-many"]);
  });
});

test("what the schema allows is what the board has rows for", () => {
  const most = (path: string) => {
    const field = withoutAuto(all.find((place) => place.path === path)!.field);
    return "max" in field ? field.max : null;
  };
  expect({
    workers: most("workers"),
    listeners: most("listeners"),
    pools: most("pools"),
    backends: [most("backends"), most("pools.web.backends"), MAX_BACKENDS],
  }).toEqual({
    workers: board.MAX_WORKERS,
    listeners: board.MAX_LISTENERS,
    pools: board.MAX_POOLS,
    backends: Array(3).fill(board.MAX_BACKENDS),
  });
});

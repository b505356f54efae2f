import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Change, describeChange } from "../../src/config/change.ts";
import type { Config } from "../../src/config/config.ts";
import { diffConfigs } from "../../src/config/diff.ts";
import { writtenConfig, written as writtenFor } from "../support/arbitrary-config.ts";
import { parse } from "../support/findings.ts";
import { configWith, type Place, places } from "../support/schema-walk.ts";

function configOf(written: unknown): Config {
  const result = parse(written);
  if (result.kind === "invalid") throw new Error(JSON.stringify(result.errors));
  return result.config;
}

function changes(from: unknown, to: unknown): readonly Change[] {
  return diffConfigs(configOf(from), configOf(to));
}

const backend = (n: number, more: object = {}) => ({ host: `h${n}`, port: 80, ...more });

const plain = {
  weight: 1,
  max_connections: 0,
  queue: { size: 0, timeout: "5s" },
  backup: false,
  drain: false,
};

describe("what a reload changes", () => {
  const base = { port: 80, backends: [backend(1), backend(2)] };

  test.each([
    ["nothing", base, []],
    ["a default that is written", { ...base, timeouts: { idle: "60m" }, workers: "auto" }, []],
    ["the order of backends", { ...base, backends: [backend(2), backend(1)] }, []],
    [
      "a name that it has anyway",
      { ...base, backends: [backend(1, { name: "h1:80" }), backend(2)] },
      [],
    ],
    [
      "a timeout",
      { ...base, timeouts: { idle: "10m" } },
      [{ kind: "changed", path: "timeouts.idle", from: "1h", to: "10m" }],
    ],
    [
      "a size",
      { ...base, limits: { max_buffered: "64MiB" } },
      [{ kind: "changed", path: "limits.max_buffered", from: "auto", to: "64MiB" }],
    ],
    [
      "the admin address",
      { ...base, admin: { listen: "127.0.0.1:9296" } },
      [{ kind: "changed", path: "admin.listen", from: null, to: "127.0.0.1:9296" }],
    ],
    [
      "a token, without telling it",
      { ...base, admin: { listen: "127.0.0.1:9296", token: "s3cret-s3cret-s3cret" } },
      [
        { kind: "changed", path: "admin.listen", from: null, to: "127.0.0.1:9296" },
        { kind: "changed", path: "admin.token", from: null, to: "(hidden)" },
      ],
    ],
    [
      "a switch",
      { ...base, zero_copy: false },
      [{ kind: "changed", path: "zero_copy", from: "auto", to: false }],
    ],
    [
      "a weight",
      { ...base, backends: [backend(1), backend(2, { weight: 5 })] },
      [{ kind: "changed", path: "pools.default.backends.h2:80.weight", from: 1, to: 5 }],
    ],
    [
      "an endpoint for another",
      { ...base, backends: [backend(1), backend(3)] },
      [
        {
          kind: "removed",
          path: "pools.default.backends.h2:80",
          from: { host: "h2", port: 80, ...plain },
          to: null,
        },
        {
          kind: "added",
          path: "pools.default.backends.h3:80",
          from: null,
          to: { host: "h3", port: 80, ...plain },
        },
      ],
    ],
  ] as const)("%s", (_, to, expected) => {
    expect(changes(base, to)).toEqual([...expected]);
  });

  test("the order of backends, where the method is first", () => {
    const ordered = (method: string, ...hosts: readonly number[]) => ({
      method,
      backends: hosts.map((n) => backend(n)),
    });
    const path = "pools.default.backends";
    expect(changes(ordered("first", 1, 2, 3), ordered("first", 3, 1, 4))).toEqual([
      expect.objectContaining({ kind: "removed", path: `${path}.h2:80` }),
      expect.objectContaining({ kind: "added", path: `${path}.h4:80` }),
      { kind: "changed", path, from: ["h1:80", "h3:80"], to: ["h3:80", "h1:80"] },
    ]);
    expect(changes(ordered("first", 1, 2), ordered("first", 3, 1, 2))).toHaveLength(1);
    expect(changes(ordered("first", 1, 2), ordered("random", 2, 1))).toHaveLength(1);
  });

  test("the endpoint under a name that stays", () => {
    const named = (host: string) => ({ backends: [{ host, port: 80, name: "db" }] });
    expect(changes(named("10.0.0.1"), named("::1"))).toEqual([
      {
        kind: "changed",
        path: "pools.default.backends.db.host",
        from: "10.0.0.1",
        to: "::1",
      },
    ]);
  });

  test.each(["constructor", "__proto__", "toString"])("a pool that is called %s", (name) => {
    const config = (...names: string[]) =>
      `listeners: [{name: l, port: 80, pool: web}]\npools: {${names.map((name) => `${name}: {backends: [{host: a, port: 1}]}`).join(", ")}}`;
    const [one, two] = [config("web"), config("web", name)];
    expect(changes(two, two)).toEqual([]);
    expect(changes(one, two)).toMatchObject([{ kind: "added", path: `pools.${name}`, from: null }]);
    expect(changes(two, one)).toMatchObject([{ kind: "removed", path: `pools.${name}`, to: null }]);
  });
});

describe("the change of one key", () => {
  const keys = places().filter(
    ({ path, field, default: value }) =>
      value !== undefined &&
      field.kind !== "either" &&
      path !== "timeouts.connect" &&
      !path.startsWith("health_check") &&
      !path.includes("health_check[") &&
      !path.endsWith("_check.type"),
  );

  // What the simple form writes belongs to a listener or a pool of that name.
  function pathOf({ path }: Place): string {
    if (path === "port" || path === "bind_address") return `listeners.default.${path}`;
    const pool = path === "method" || path.startsWith("backends") ? "pools.default." : "";
    const named = path.replace("listeners[0]", "listeners.edge");
    return pool + named.replace("backends[0]", "backends.a.internal:80");
  }

  test.each(keys.map((place) => [place.path, place] as const))("%s is named", (_, place) => {
    const before = configOf(configWith(place, undefined));
    fc.assert(
      fc.property(writtenFor(place.field), (value) => {
        const after = configOf(configWith(place, value));
        const expected = Bun.deepEquals(before, after)
          ? []
          : [expect.objectContaining({ kind: "changed", path: pathOf(place) })];
        expect(diffConfigs(before, after)).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  test("of a dial's time is named with the time of all dials, where that follows it", () => {
    const named = (connect: string, more = {}) =>
      changes(
        { backends: [backend(1)] },
        { backends: [backend(1)], timeouts: { connect, ...more } },
      );
    const change = (key: string, from: string, to: string) => ({
      kind: "changed" as const,
      path: `timeouts.${key}`,
      ...{ from, to },
    });
    expect(named("1s")).toEqual([change("connect", "2s", "1s")]);
    expect(named("5s", { connect_total: "6s" })).toEqual([change("connect", "2s", "5s")]);
    expect(named("5s")).toEqual([
      change("connect", "2s", "5s"),
      change("connect_total", "6s", "15s"),
    ]);
  });

  test("of a health check's type is named with the keys that come with it", () => {
    const exchange = { type: "exchange", send: "PING" };
    expect(
      changes({ backends: [backend(1)] }, { backends: [backend(1)], health_check: exchange }),
    ).toEqual([
      { kind: "changed", path: "pools.default.health_check.type", from: "tcp", to: "exchange" },
      { kind: "added", path: "pools.default.health_check.send", from: null, to: "PING" },
    ]);
  });

  test("of the access log is named key by key, whichever way it was written", () => {
    const of = (access: unknown) => ({ backends: [backend(1)], log: { access } });
    expect(changes(of("errors"), of({ mode: "errors" }))).toEqual([]);
    expect(changes(of("off"), of({ mode: "all", file: "a.log", fields: ["end"] }))).toMatchObject([
      { kind: "changed", path: "log.access.mode", from: "off", to: "all" },
      { kind: "changed", path: "log.access.file", from: null, to: "a.log" },
      { kind: "changed", path: "log.access.fields", to: ["end"] },
    ]);
  });

  test("of all pools' health check is named for each of them", () => {
    expect(
      changes({ backends: [backend(1)] }, { backends: [backend(1)], health_check: { rise: 9 } }),
    ).toEqual([{ kind: "changed", path: "pools.default.health_check.rise", from: 2, to: 9 }]);
  });
});

describe("the difference of any two configs", () => {
  const sorted = (config: Config) => {
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
    const pools = config.pools.map((pool) => ({
      ...pool,
      backends: pool.backends.toSorted(byName),
    }));
    return {
      ...config,
      listeners: config.listeners.toSorted(byName),
      pools: pools.toSorted(byName),
    };
  };
  const two = fc.tuple(writtenConfig, fc.option(writtenConfig));
  const swapped: Record<Change["kind"], Change["kind"]> = {
    added: "removed",
    removed: "added",
    changed: "changed",
  };

  test("is empty just where they mean the same", () => {
    fc.assert(
      fc.property(two, ([a, b]) => {
        const [from, to] = [configOf(a), configOf(b ?? a)];
        const isSame = Bun.deepEquals(sorted(from), sorted(to));
        expect(diffConfigs(from, to).length === 0).toBe(isSame);
      }),
      { numRuns: 300 },
    );
  });

  test("is the same the other way round, told the other way round", () => {
    fc.assert(
      fc.property(two, ([a, b]) => {
        const [from, to] = [configOf(a), configOf(b ?? a)];
        const back = diffConfigs(to, from).map(({ kind, path, from, to }) => ({
          kind: swapped[kind],
          path,
          from: to,
          to: from,
        }));
        const byPath = (a: Change, b: Change) => (a.path < b.path ? -1 : 1);
        expect(back.toSorted(byPath)).toEqual(diffConfigs(from, to).toSorted(byPath));
      }),
    );
  });
});

test.each([
  [{ kind: "changed", path: "timeouts.idle", from: "1h", to: "10m" }, "timeouts.idle: 1h → 10m"],
  [{ kind: "changed", path: "retries", from: 2, to: 0 }, "retries: 2 → 0"],
  [{ kind: "added", path: "pools.web", from: null, to: {} }, "added pools.web"],
  [{ kind: "removed", path: "pools.web", from: {}, to: null }, "removed pools.web"],
] as const)("%j is written on one line", (change, line) => {
  expect(describeChange(change)).toBe(line);
});

// DNS answers become backends with names, weights and tiers; and the changes between two answers.
import { describe, expect, test } from "bun:test";
import type { Config } from "../../../src/config/config.ts";
import { discoveryChanges } from "../../../src/control/discovery/changes.ts";
import {
  type Answers,
  scaled,
  targetsOf,
  withDiscovered,
} from "../../../src/control/discovery/discovered.ts";
import type { SrvRecord } from "../../../src/control/discovery/dns-client.ts";
import { parse } from "../../support/findings.ts";

const listeners = [{ name: "l", port: 80, pool: "p" }];

function configOf(pool: object): Config {
  const result = parse({ listeners, pools: { p: pool } });
  if (result.kind !== "valid") throw new Error(JSON.stringify(result.errors));
  return result.config;
}

const BY_NAME = configOf({ discover: { dns: "app.test", port: 80 } });
const BY_SRV = configOf({ discover: { srv: "_a._tcp.test" } });

function srv(target: string, over: Partial<SrvRecord> = {}): SrvRecord {
  return { target, port: 5432, priority: 0, weight: 1, ...over };
}

/** Hosts by name; those of SRV records end in a dot. */
function answersOf(
  hosts: Readonly<Record<string, readonly string[]>>,
  services: readonly SrvRecord[] | null = null,
): Answers {
  return { addressesOf: (host) => hosts[host] ?? null, servicesOf: () => services };
}

/** `name weight tier`, of the first pool. */
function backendsOf(config: Config, answers: Answers): readonly string[] {
  const backends = withDiscovered(config, answers).pools[0]?.backends ?? [];
  return backends.map(({ name, weight, tier }) => `${name} ${weight} ${tier}`);
}

describe("by address", () => {
  test("one for each, of both families", () => {
    const answers = answersOf({ "app.test": ["10.0.0.1", "fd00::1"] });
    expect(backendsOf(BY_NAME, answers)).toEqual(["10.0.0.1:80 1 0", "[fd00::1]:80 1 0"]);
  });

  test("in the same order whatever the answer's is", () => {
    const answers = answersOf({ "app.test": ["fd00::1", "10.0.0.10", "10.0.0.9", "9.0.0.1"] });
    expect(withDiscovered(BY_NAME, answers).pools[0]?.backends.map(({ name }) => name)).toEqual([
      "9.0.0.1:80",
      "10.0.0.9:80",
      "10.0.0.10:80",
      "[fd00::1]:80",
    ]);
  });

  test("none before the first answer, and a config that finds nothing is left as it is", () => {
    expect(backendsOf(BY_NAME, answersOf({}))).toEqual([]);
    const plain = configOf({ backends: [{ host: "a", port: 1 }] });
    expect(withDiscovered(plain, answersOf({}))).toBe(plain);
  });

  test("what is configured wins, by its endpoint and by its name", () => {
    const config = configOf({
      discover: { dns: "app.test", port: 80 },
      backends: [
        { host: "10.0.0.1", port: 80, name: "one", weight: 7 },
        { host: "h", port: 80, name: "10.0.0.2:80", backup: true },
      ],
    });
    const answers = answersOf({ "app.test": ["10.0.0.1", "10.0.0.2", "10.0.0.3"] });
    expect(backendsOf(config, answers)).toEqual([
      "one 7 0",
      "10.0.0.2:80 1 65536",
      "10.0.0.3:80 1 0",
    ]);
  });
});

describe("by SRV record", () => {
  test("priorities become tiers, from the lowest on", () => {
    const records = [
      srv("c", { priority: 70 }),
      srv("a", { priority: 5 }),
      srv("b", { priority: 70 }),
    ];
    expect(backendsOf(BY_SRV, answersOf({}, records))).toEqual([
      "a:5432 1 0",
      "b:5432 1 1",
      "c:5432 1 1",
    ]);
    expect(targetsOf(BY_SRV, answersOf({}, records))).toEqual(["c.", "a.", "b."]);
  });

  test("weights are scaled within their priority", () => {
    const records = [
      srv("a", { weight: 60_000 }),
      srv("b", { weight: 30_000 }),
      srv("c", { weight: 0 }),
      srv("d", { priority: 1, weight: 3 }),
    ];
    expect(backendsOf(BY_SRV, answersOf({}, records))).toEqual([
      "a:5432 256 0",
      "b:5432 128 0",
      "c:5432 1 0",
      "d:5432 3 1",
    ]);
  });

  test("a target with an address of each family is one, with several they share its weight", () => {
    const answers = answersOf({ "a.": ["10.0.0.1", "fd00::1"], "b.": ["10.0.0.2", "10.0.0.3"] }, [
      srv("a", { weight: 10 }),
      srv("b", { weight: 10 }),
    ]);
    expect(backendsOf(BY_SRV, answers)).toEqual([
      "10.0.0.2:5432 5 0",
      "10.0.0.3:5432 5 0",
      "a:5432 10 0",
    ]);
  });

  test("the same place twice is one, with the greater weight", () => {
    const records = [srv("a"), srv("a", { weight: 9 }), srv("a", { port: 1 })];
    expect(backendsOf(BY_SRV, answersOf({}, records))).toEqual(["a:1 1 0", "a:5432 9 0"]);
  });
});

test.each([
  [[1], [1]],
  [
    [1, 2, 256],
    [1, 2, 256],
  ],
  [
    [512, 256, 1],
    [256, 128, 1],
  ],
  [
    [1 / 3, 1 / 3, 1],
    [85, 85, 256],
  ],
  [
    [65_535, 1],
    [256, 1],
  ],
])("weights of %j are %j", (shares, weights) => {
  expect(scaled(shares)).toEqual(weights);
});

test("a change is told in one line, however many there are", () => {
  const ips = Array.from({ length: 11 }, (_, n) => `10.0.0.${n}`);
  const none = withDiscovered(BY_NAME, answersOf({})).pools;
  const many = withDiscovered(BY_NAME, answersOf({ "app.test": ips })).pools;
  const fewer = withDiscovered(BY_NAME, answersOf({ "app.test": ips.slice(0, 10) })).pools;
  expect(discoveryChanges(many, many)).toEqual([]);
  expect(discoveryChanges(none, many)[0]?.message).toBe(
    "p: added 10.0.0.0:80, 10.0.0.1:80, 10.0.0.2:80, 10.0.0.3:80, 10.0.0.4:80, 10.0.0.5:80, 10.0.0.6:80, 10.0.0.7:80 and 3 more",
  );
  expect(discoveryChanges(many, fewer)).toMatchObject([
    { pool: "p", added: [], removed: ["10.0.0.10:80"], changed: [] },
  ]);
  const light = withDiscovered(BY_SRV, answersOf({}, [srv("a")])).pools;
  const heavy = withDiscovered(BY_SRV, answersOf({}, [srv("a", { weight: 5 })])).pools;
  expect(discoveryChanges(light, heavy)[0]?.message).toBe("p: changed a:5432");
});

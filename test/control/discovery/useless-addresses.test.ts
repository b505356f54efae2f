// Addresses in an answer that are no backend: those that no host has, and bal's own listeners.
import { describe, expect, test } from "bun:test";
import type { Config } from "../../../src/config/config.ts";
import { withDiscovered } from "../../../src/control/discovery/discovered.ts";
import { isUnusable, ownAddresses } from "../../../src/control/discovery/useless-addresses.ts";
import { parse } from "../../support/findings.ts";

test.each([
  ["0.0.0.0", true],
  ["0.1.2.3", true],
  ["224.0.0.1", true],
  ["239.255.255.255", true],
  ["255.255.255.255", true],
  ["::", true],
  ["ff02::1", true],
  ["127.0.0.1", false],
  ["10.0.0.1", false],
  ["223.1.1.1", false],
  ["::1", false],
  ["fd00::1", false],
  ["fe80::1", false],
  ["ff::1", false],
])("that no host has %s is %p", (ip, is) => {
  expect(isUnusable(ip)).toBe(is);
});

describe("an answer that leads to bal itself", () => {
  const PORT = 9443;

  function configOf(listeners: readonly object[], pools: object): Config {
    const result = parse({ listeners, pools });
    if (result.kind !== "valid") throw new Error(JSON.stringify(result.errors));
    return result.config;
  }

  /** Every name has these addresses. `pool place listener` */
  function own(config: Config, ...ips: readonly string[]): readonly string[] {
    const addressesOf = () => ips;
    const found = withDiscovered(config, { addressesOf, servicesOf: () => null });
    return ownAddresses(found, config, addressesOf).map(
      ({ pool, name, place, listener }) => `${pool} ${name} ${place} ${listener}`,
    );
  }

  const discover = { dns: "app.test", port: PORT };

  test("is found by every address of this host, where the listener is on all of them", () => {
    const config = configOf([{ name: "l", port: PORT, pool: "p" }], { p: { discover } });
    expect(own(config, "127.0.0.1", "127.8.8.8", "::1", "192.0.2.1")).toEqual([
      `p app.test 127.0.0.1:${PORT} l`,
      `p app.test 127.8.8.8:${PORT} l`,
      `p app.test [::1]:${PORT} l`,
    ]);
  });

  test("is found by its one address, where it has one", () => {
    const listener = { name: "l", bind_address: "192.0.2.7", port: PORT, pool: "p" };
    const config = configOf([listener], { p: { discover } });
    expect(own(config, "192.0.2.7", "192.0.2.8", "127.0.0.1")).toEqual([
      `p app.test 192.0.2.7:${PORT} l`,
    ]);
  });

  test("is found behind a hostname as well, and not at another port", () => {
    const listener = { name: "l", bind_address: "127.0.0.1", port: PORT, pool: "p" };
    const backends = [
      { host: "app.test", port: PORT },
      { host: "app.test", port: 1 },
    ];
    const config = configOf([listener], { p: { backends } });
    expect(own(config, "127.0.0.1")).toEqual([`p app.test 127.0.0.1:${PORT} l`]);
  });

  test("is found over another listener that leads back, and not where the chain ends elsewhere", () => {
    const listeners = (pool: string) => [
      { name: "a", bind_address: "127.0.0.1", port: 9000, pool: "p" },
      { name: "b", bind_address: "127.0.0.1", port: PORT, pool },
    ];
    const pools = { p: { discover }, q: { backends: [{ host: "127.0.0.1", port: 9000 }] } };
    expect(own(configOf(listeners("q"), pools), "127.0.0.1")).toEqual([
      `p app.test 127.0.0.1:${PORT} b`,
    ]);
    const elsewhere = { ...pools, q: { backends: [{ host: "192.0.2.1", port: 80 }] } };
    expect(own(configOf(listeners("q"), elsewhere), "127.0.0.1")).toEqual([]);
  });

  test("is none of those that stand in the config", () => {
    const listener = { name: "l", bind_address: "127.0.0.1", port: PORT, pool: "p" };
    const backends = [{ host: "127.0.0.1", port: PORT }];
    expect(own(configOf([listener], { p: { backends } }))).toEqual([]);
  });
});

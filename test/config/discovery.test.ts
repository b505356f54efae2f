// `resolver`, and a pool's `discover`: what is right, what is wrong and where, what is hardly meant.
import { describe, expect, test } from "bun:test";
import { asWritten } from "../../src/config/serialize.ts";
import { type Expected, errorsOf, expectFindings, parse } from "../support/findings.ts";

const LISTENERS = "listeners: [{name: l, port: 80, pool: p}]";
const file = (pool: string, more = "") => `${LISTENERS}\npools:\n  p: ${pool}\n${more}`;
const DNS = "{discover: {dns: app.test, port: 80}}";

type Row = [text: string, ...findings: Expected[]];

test.each([
  ["{srv: _PG._tcp.service.consul}", { kind: "srv", name: "_pg._tcp.service.consul", max: 256 }],
  ["{srv: pg.service.consul.}", { kind: "srv", name: "pg.service.consul." }],
  [
    "{dns: App.Internal, port: 80, max: 9}",
    { kind: "dns", name: "app.internal", port: 80, max: 9 },
  ],
])("discover: %s", (written, discover) => {
  const result = parse(file(`{discover: ${written}}`));
  expect(result.warnings).toEqual([]);
  expect(result).toMatchObject({ config: { pools: [{ discover, backends: [] }] } });
});

test("a pool may have both, and neither is needed beside the other", () => {
  for (const backends of ["[]", "[{host: a, port: 1}]"]) {
    const result = parse(file(`{discover: {srv: _a._tcp.test}, backends: ${backends}}`));
    expect([errorsOf(result), result.warnings]).toEqual([[], []]);
  }
});

test("servers have port 53 unless it is written, and the config in force says so", () => {
  const servers = '["10.0.0.53", "10.0.0.54:8600", "::1", "[::1]:5353", "::ffff:10.0.0.55"]';
  const result = parse(file(DNS, `resolver: {servers: ${servers}, interval: 30s, hold: 1m}`));
  if (result.kind !== "valid") throw new Error("it is not valid");
  expect(result.config.resolver).toEqual({
    servers: [
      { ip: "10.0.0.53", port: 53 },
      { ip: "10.0.0.54", port: 8600 },
      { ip: "::1", port: 53 },
      { ip: "::1", port: 5353 },
      { ip: "10.0.0.55", port: 53 },
    ],
    intervalMs: 30_000,
    holdMs: 60_000,
  });
  const again = parse(asWritten(result.config));
  expect(again).toMatchObject({ kind: "valid", config: result.config });
});

describe("is refused", () => {
  test.each([
    [
      file("{discover: {srv: a.test, dns: b.test, port: 1}}"),
      ["3:36", "pools.p.discover.dns", "mixed-forms", "a pool has one of them"],
    ],
    [file("{discover: {}}"), ["3:17", "pools.p.discover", "missing-key", "`srv: NAME`"]],
    [file("{discover: {port: 1}}"), ["3:17", "pools.p.discover", "missing-key", "`srv: NAME`"]],
    [
      file("{discover: {dns: a.test}}"),
      ["3:17", "pools.p.discover", "missing-key", "`port` is missing"],
    ],
    [
      file("{discover: {dns: 10.0.0.1, port: 1}}"),
      ["3:23", "pools.p.discover.dns", "bad-address", "write it in `backends`"],
    ],
    [
      file("{discover: {srv: a b}}"),
      ["3:23", "pools.p.discover.srv", "bad-address", '"a b" is not a hostname'],
    ],
    [
      file("{discover: {dsn: a.test}}"),
      ["3:17", "pools.p.discover", "missing-key"],
      ["3:18", "pools.p.discover.dsn", "unknown-key", "`dns`"],
    ],
    [file("{discovr: {dns: a, port: 1}}"), ["3:7", "pools.p.discovr", "unknown-key", "`discover`"]],
    [
      file(DNS, "resolver: {servers: [10.0.0.1, dns.test]}"),
      ["4:32", "resolver.servers[1]", "bad-address", "with or without a port"],
    ],
    [
      file(DNS, 'resolver: {servers: ["10.0.0.1:0", "10.0.0.1:99999", "[::1]"]}'),
      ["4:22", "resolver.servers[0]", "bad-address"],
      ["4:36", "resolver.servers[1]", "bad-address"],
      ["4:54", "resolver.servers[2]", "bad-address"],
    ],
    [
      file(DNS, "resolver: {interval: 500ms}"),
      ["4:22", "resolver.interval", "out-of-range", "1s to"],
    ],
    [
      "port: 80\nbackends: [{host: a, port: 1}]\ndiscover: {srv: a}",
      ["3:1", "discover", "unknown-key"],
    ],
  ] satisfies Row[])("%s", (text, ...errors) => {
    expectFindings(errorsOf(parse(text)), errors as Expected[]);
  });
});

describe("is warned of", () => {
  test.each([
    [
      file("{discover: {srv: a.test, port: 1}}"),
      ["3:37", "pools.p.discover.port", "unused-key", "have their own"],
    ],
    [
      file("{discover: {dns: _pg._tcp.test, port: 1}}"),
      ["3:23", "pools.p.discover.dns", "srv-name", "srv: _pg._tcp.test"],
    ],
    [
      file("{discover: {dns: a.test, port: 1}, backends: [{host: 10.0.0.1, port: 1, weight: 5}]}"),
      ["3:86", "pools.p.backends[0].weight", "mixed-weights", "discovered backends: 1"],
    ],
    [
      file(DNS, "resolver: {servers: [10.0.0.1, 10.0.0.1:53], interval: 1h}"),
      [
        "4:32",
        "resolver.servers[1]",
        "duplicate-server",
        "10.0.0.1:53 is already in the list, as resolver.servers[0]",
      ],
      ["4:56", "resolver.interval", "long-interval", "1h longer"],
    ],
    [
      "resolver: {servers: [10.0.0.1]}\nbackends: [{host: 10.0.0.2, port: 1}, {host: 10.0.0.3, port: 1}]",
      ["1:21", "resolver.servers", "unused-key", "every backend is an address"],
    ],
  ] satisfies Row[])("%s", (text, ...warnings) => {
    const result = parse(text);
    expect(result.kind).toBe("valid");
    expectFindings(result.warnings, warnings as Expected[]);
  });
});

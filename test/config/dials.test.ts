// A pool's own dial settings: the valid ones, and the faults with their places.
import { expect, test } from "bun:test";
import { asWritten } from "../../src/config/serialize.ts";
import { errorsOf, expectFindings, parse } from "../support/findings.ts";

const file = (pool: string) => `listeners: [{name: l, port: 80, pool: p}]
pools:
  p: {backends: [{host: a, port: 1}, {host: b, port: 1}], ${pool}}
`;

test("a pool's own retries, times and sources", () => {
  const dial =
    'retries: 0, timeouts: {connect: 1s, connect_total: 3s}, source: [10.0.0.9, "FD00::9"]';
  const result = parse(file(dial));
  if (result.kind !== "valid") throw new Error("it is not valid");
  const source = ["10.0.0.9", "fd00::9"];
  expect(result.warnings).toEqual([]);
  expect(result.config.pools[0]?.dial).toEqual({
    ...{ retries: 0, connectMs: 1000, connectTotalMs: 3000, source },
  });
  expect(parse(asWritten(result.config))).toMatchObject({ kind: "valid", config: result.config });
});

test("without them everything is its listener's", () => {
  const result = parse(file("method: first"));
  if (result.kind !== "valid") throw new Error("it is not valid");
  expect(result.config.pools[0]?.dial).toEqual({
    ...{ retries: null, connectMs: null, connectTotalMs: null, source: [] },
  });
});

test.each([
  ["source: []", ["3:67", "pools.p.source", "empty-list", "the kernel chooses"]],
  ["source: [0.0.0.0]", ["3:68", "pools.p.source[0]", "bad-address", "the kernel chooses"]],
  ["source: [eth0]", ["3:68", "pools.p.source[0]", "bad-address"]],
  ["timeouts: {idle: 5s}", ["3:70", "pools.p.timeouts.idle", "unknown-key"]],
  ["hash: {backend: port}", ["3:75", "pools.p.hash.backend", "not-allowed"]],
] as const)("%s is refused", (pool, expected) => {
  const found = errorsOf(parse(file(pool)));
  expectFindings(found, [expected]);
});

test.each([
  [
    "timeouts: {connect: 7s}",
    ["3:79", "pools.p.timeouts.connect", "short-timeout", "connect_total (6s) is shorter"],
  ],
  ["source: [10.0.0.9, 10.0.0.9]", ["3:78", "pools.p.source[1]", "duplicate-source"]],
] as const)("%s is warned of", (pool, expected) => {
  expectFindings(parse(file(pool)).warnings, [expected]);
});

test.each([
  ["connect: 1s", 6000],
  ["connect: 10s", 30_000],
  ["connect: 10s, connect_total: 12s", 12_000],
  ["connect: 400h", 480 * 3_600_000],
])("timeouts: {%s} leaves %d ms for all dials", (timeouts, total) => {
  const result = parse(`timeouts: {${timeouts}}\nbackends: [{host: a, port: 1}]`);
  if (result.kind !== "valid") throw new Error("it is not valid");
  expect(result.config.timeouts.connectTotalMs).toBe(total);
  expect(result.warnings).toEqual([]);
});

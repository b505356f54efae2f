import { describe, expect, test } from "bun:test";
import { type Expected, errorsOf, expectFindings, parse, warningsOf } from "../support/findings.ts";
import { warns } from "../support/warns.ts";

const A = "{host: a, port: 1}";
const B = "{host: b, port: 2}";
const ONE = "{host: 10.0.0.1, port: 1}";
const BACKENDS = `backends: [${A}, ${B}]`;

describe("backends", () => {
  warns([
    [BACKENDS],
    [`backends: [${ONE}]`, ["1:11", "backends", "one-backend", "nothing to fail over to"]],
    [
      `backends: [${A}, ${B}, {host: A, port: 1}]`,
      ["1:52", "backends[2]", "duplicate-backend", "a:1 is the same as backends[0]"],
    ],
    [
      `backends: [${ONE}, ${ONE}]`,
      ["1:11", "backends", "one-backend"],
      ["1:39", "backends[1]", "duplicate-backend"],
    ],
    [
      'backends: [{host: "::1", port: 1}, {host: "0:0::1", port: 1}, {host: "::1", port: 2}]',
      ["1:36", "backends[1]", "duplicate-backend", "[::1]:1"],
    ],
    [
      "backends: [{unix: /a}, {unix: /b}, {unix: /a, weight: 3}]",
      ["1:36", "backends[2]", "duplicate-backend", "unix:/a is the same as backends[0]"],
    ],
    [
      "health_check: {port: 80}\nbackends: [{unix: /a}, {unix: /b}]",
      ["1:22", "health_check.port", "unused-key", "not used for unix:/a"],
    ],
    [
      "backends: [{host: a, port: 1, weight: 0}, {host: b, port: 1, weight: 0}]",
      ["1:11", "backends", "no-weight", "no client will be served"],
    ],
    ["backends: [{host: a, port: 1, weight: 0}, {host: b, port: 1, weight: 1}]"],
  ]);

  test("that are twice there have their weights added, 256 at most", () => {
    const backend = (weight: number) => ({ host: "a", port: 1, weight });
    const weightOf = (...weights: number[]) => {
      const result = parse({ backends: weights.map(backend) });
      if (result.kind !== "valid") throw new Error("it is not valid");
      return result.config.pools[0]?.backends.map(({ weight }) => weight);
    };
    expect(weightOf(3, 4, 5)).toEqual([12]);
    expect(weightOf(200, 100)).toEqual([256]);
  });
});

describe("one backend alone is warned of", () => {
  const pool = (target: string, backend = ONE) =>
    `listeners: [{name: l, port: 80, ${target}}]\npools: {web: {backends: [${backend}]}}`;
  const warning: Expected = ["2:25", "pools.web.backends", "one-backend"];
  warns([
    [pool("pool: web"), warning],
    [pool("pool: web", '{host: "2001:db8::1", port: 1}'), warning],
    // Behind a name may be several addresses.
    [`backends: [${A}]`],
    // A service on this host has no second one.
    [pool("pool: web", "{host: 127.0.0.1, port: 1}")],
    [pool("pool: web", '{host: "::1", port: 1}')],
    [pool("pool: web", "{unix: /run/a.sock}")],
    // A name on a shared port often has one server.
    [pool("routes: [{sni: [a.example], pool: web}]")],
  ]);
});

describe("backends at one address that are not alike", () => {
  const A1 = "host: 10.0.0.1, port: 443";

  test.each([
    ["names", `[{${A1}, name: a}, {${A1}, name: b}]`, "name"],
    ["a name that one of them has", `[{${A1}}, {${A1}, name: b}]`, "name"],
    ["limits", `[{${A1}, max_connections: 10}, {${A1}, weight: 2}]`, "max_connections"],
    ["queues", `[{${A1}, queue: {size: 1}}, {${A1}}]`, "queue"],
    ["tiers", `[{${A1}}, {${A1}, backup: true, drain: true}]`, "backup, drain"],
    ["headers", `[{${A1}, proxy_protocol: v1}, {${A1}}]`, "proxy_protocol"],
  ])("are an error that names both: %s", (_, backends, keys) => {
    const [found, ...others] = errorsOf(parse(`backends: ${backends}`));
    expect(others).toEqual([]);
    expect(found).toMatchObject({ path: "backends[1]", code: "duplicate-backend" });
    expect(found?.message).toStartWith("backends[0] (");
    expect(found?.message).toEndWith(`are the same address, 10.0.0.1:443, and differ in ${keys}`);
  });

  test("are alike where one says what is the default, or what its pool says", () => {
    const text = `listeners: [{name: l, port: 80, pool: p}]
pools:
  p: {proxy_protocol: v1, backends: [{${A1}, backup: false}, {${A1}, proxy_protocol: v1, weight: 9}]}
`;
    const result = parse(text);
    expect(errorsOf(result)).toEqual([]);
    expect(result).toMatchObject({ config: { pools: [{ backends: [{ weight: 10 }] }] } });
  });
});

describe("a backend that is our own listener", () => {
  const loop = (bind: string, host: string, port: number) =>
    warningsOf({ port: 80, bind_address: bind, backends: [{ host, port }] }, "own-listener");

  test.each([
    ["0.0.0.0", "127.0.0.1"],
    ["0.0.0.0", "localhost"],
    ["0.0.0.0", "LocalHost"],
    ["0.0.0.0", "0.0.0.0"],
    ["0.0.0.0", "127.8.8.8"],
    ["::", "::1"],
    ["::", "::ffff:127.0.0.1"],
    ["127.0.0.1", "127.0.0.1"],
    ["127.0.0.1", "localhost"],
    ["127.0.0.1", "0.0.0.0"],
    ["10.0.0.1", "10.0.0.1"],
  ])("is told: on %s, backend %s", (bind, host) => {
    expect(loop(bind, host, 80)).toMatchObject([{ path: "backends[0]" }]);
    expect(loop(bind, host, 81)).toEqual([]);
  });

  test.each([
    ["0.0.0.0", "10.0.0.1"],
    ["0.0.0.0", "db.internal"],
    ["10.0.0.1", "10.0.0.2"],
    ["10.0.0.1", "127.0.0.1"],
    ["10.0.0.1", "localhost"],
  ])("is not told: on %s, backend %s", (bind, host) => {
    expect(loop(bind, host, 80)).toEqual([]);
  });

  test("is found among all listeners, and stands where the backend does", () => {
    const text = `listeners:
  - {name: one, port: 80, pool: web}
  - {name: two, port: 81, pool: web}
pools:
  web: {backends: [${A}, {host: 127.0.0.1, port: 81}]}
`;
    expectFindings(parse(text).warnings, [
      ["5:40", "pools.web.backends[1]", "own-listener", "listener two", "loop for ever"],
    ]);
  });

  const chain = (last: object) => ({
    listeners: [
      { name: "a", port: 9000, pool: "to-b" },
      { name: "b", unix: "/run/b.sock", pool: "to-c" },
      { name: "c", port: 9001, routes: [{ sni: ["x.example"], pool: "end" }] },
    ],
    pools: {
      "to-b": { backends: [{ unix: "/run/b.sock" }] },
      "to-c": { backends: [{ host: "localhost", port: 9001 }] },
      end: { backends: [last] },
    },
  });

  test("is not told of a chain of listeners that ends elsewhere", () => {
    expect(warningsOf(chain({ host: "10.0.0.1", port: 443 }), "own-listener")).toEqual([]);
  });

  test("is told of every link of a chain that comes back to its beginning", () => {
    const paths = warningsOf(chain({ host: "127.0.0.1", port: 9000 }), "own-listener");
    expect(paths.map(({ path }) => path)).toEqual([
      "pools.to-b.backends[0]",
      "pools.to-c.backends[0]",
      "pools.end.backends[0]",
    ]);
  });
});

describe("timeouts", () => {
  const short = (place: string, key: string, ...words: string[]): Expected => [
    place,
    `timeouts.${key}`,
    "short-timeout",
    ...words,
  ];
  warns([
    [`${BACKENDS}\ntimeouts: {connect: 1s, idle: 30s}`],
    [
      `${BACKENDS}\ntimeouts: {connect: 999ms}`,
      short("2:21", "connect", "with 999ms, a dial fails", "2s is the default"),
    ],
    [
      `${BACKENDS}\ntimeouts: {idle: 29s}`,
      short("2:18", "idle", "only quiet", "1h is the default"),
    ],
    [`${BACKENDS}\ntimeouts: {idle: 0, half_closed: 0, shutdown: 0}`],
    [
      `${BACKENDS}\ntimeouts: {connect: 3s, connect_total: 2s}`,
      short("2:40", "connect_total", "connect_total (2s) is shorter than connect (3s)"),
    ],
    [`${BACKENDS}\ntimeouts: {connect: 7s}`],
  ]);
});

describe("health checks", () => {
  const full = (global: string, own: string) =>
    `listeners: [{name: l, port: 80, pool: web}]
health_check: ${global}
pools:
  web: {health_check: ${own}, ${BACKENDS}}
`;
  warns([
    [`${BACKENDS}\nhealth_check: {interval: 500ms, timeout: 500ms}`],
    [
      `${BACKENDS}\nhealth_check: {interval: 499ms, timeout: 499ms}`,
      ["2:26", "health_check.interval", "short-interval", "499ms", "5s is the default"],
    ],
    [`${BACKENDS}\nhealth_check: {type: http, interval: 100ms, timeout: 1s}`],
    [
      `${BACKENDS}\nhealth_check: {type: http, interval: 99ms, timeout: 1s}`,
      ["2:38", "health_check.interval", "short-interval", "99ms"],
    ],
    [
      `${BACKENDS}\nhealth_check: {interval: 1s, timeout: 2001ms}`,
      ["2:39", "health_check.timeout", "timeout-over-interval", "(2001ms)", "interval (1s)"],
    ],
    [
      `${BACKENDS}\nhealth_check: {interval: 900ms}`,
      ["2:26", "health_check.interval", "timeout-over-interval", "timeout (2s)"],
    ],
    [
      full("{interval: 100ms, timeout: 100ms}", "{rise: 3}"),
      ["2:26", "health_check.interval", "short-interval"],
    ],
    [
      full("{timeout: 3s}", "{interval: 1s}"),
      ["4:34", "pools.web.health_check.interval", "timeout-over-interval", "timeout (3s)"],
    ],
    [
      full("{interval: 1s, timeout: 1s}", "{timeout: 3s}"),
      ["4:33", "pools.web.health_check.timeout", "timeout-over-interval", "interval (1s)"],
    ],
    [
      full("{}", "{interval: 10ms, timeout: 10ms}"),
      ["4:34", "pools.web.health_check.interval", "short-interval"],
    ],
    [
      "backends: [{host: a, port: 443}, {host: 10.0.0.1, port: 443}]\nhealth_check: {type: tls, verify: true}",
      ["2:35", "health_check.verify", "verify-ip", "the IP 10.0.0.1 itself", "server_name"],
    ],
    [
      "backends: [{host: a.example, port: 443}, {host: b.example, port: 443}]\nhealth_check: {type: tls, verify: true}",
    ],
    [
      "backends: [{host: a, port: 443}, {host: 10.0.0.1, port: 443}]\nhealth_check: {type: tls, verify: true, server_name: a.example}",
    ],
  ]);
});

describe("pools", () => {
  warns([
    [
      `listeners: [{name: l, port: 80, pool: web}]\npools: {web: {${BACKENDS}}, old: {${BACKENDS}}}`,
      ["2:73", "pools.old", "unused-pool", "no listener uses pool `old`"],
    ],
  ]);
});

describe("the admin API", () => {
  const admin = (text: string) => `admin: {${text}}\n${BACKENDS}`;
  const long = "x".repeat(16);
  warns([
    [admin("listen: 127.0.0.1:9296")],
    [admin("listen: null, token: null, token_file: null")],
    [admin(`listen: "0.0.0.0:9296", token: ${long}`)],
    [admin('listen: "0.0.0.0:9296", token_file: t')],
    [
      admin("listen: 127.0.0.1:9296, token: abc"),
      ["1:40", "admin.token", "short-token", "3 characters", "openssl rand"],
    ],
    [
      admin(`listen: 127.0.0.1:9296, token: ${long}, token_file: t`),
      ["1:70", "admin.token_file", "unused-key", "because `token` is set"],
    ],
    [admin("token_file: t"), ["1:21", "admin.token_file", "unused-key", "without `listen`"]],
  ]);
});

describe("pools", () => {
  const pool = (keys: string) =>
    `listeners: [{name: l, port: 80, pool: p}]\npools: {p: {${keys}, ${BACKENDS}}}`;
  warns([
    [pool("wait: 5s"), ["2:19", "pools.p.wait", "unused-key", "fail_open"]],
    [pool("wait: 5s, fail_open: false")],
    [pool("wait: 5s, health_check: {type: http}")],
    [pool("on_up: close_backups"), ["2:20", "pools.p.on_up", "unused-key", "backup"]],
  ]);
});

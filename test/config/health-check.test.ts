// Which keys go with which type of health check, and what a pool takes over from the global one.
import { expect, test } from "bun:test";
import type { WrittenCheck } from "../../src/config/read/raw-config.ts";
import { layHealthCheck } from "../../src/config/resolve-health.ts";
import { errorsOf, parse } from "../support/findings.ts";

const BACKENDS = "backends: [{host: 10.0.0.1, port: 80}]";

const pathOf = (key: string) =>
  key === "" || key.startsWith("[") ? `health_check${key}` : `health_check.${key}`;

test.each([
  ["{path: /primary}", "2:22", "path", "wrong-check-type", "type: http"],
  ["{type: tcp, path: /primary}", "2:33", "path", "wrong-check-type", "type: http"],
  ["{type: http, send: x}", "2:34", "send", "wrong-check-type", "type: exchange"],
  ["{type: http, server_name: a}", "2:41", "server_name", "wrong-check-type", "type: tls"],
  ["{type: tcp, expect: 200}", "2:35", "expect", "wrong-check-type", "leave it out"],
  ['{type: "off", port: 8008}', "2:35", "port", "wrong-check-type", "leave it out"],
  ["{type: http, expect: 2xx}", "2:36", "expect", "bad-status", undefined],
  ["{type: exchange}", "2:15", "", "empty-exchange", "type: tcp"],
  ["{type: tcp, alpn: [h2]}", "2:33", "alpn", "wrong-check-type", "type: tls or https"],
  ["{type: https, send: x}", "2:35", "send", "wrong-check-type", "type: exchange"],
  ["{type: http, method: HEAD, contains: x}", "2:52", "contains", "mixed-forms", "GET"],
  ["{type: http, headers: {'a b': x}}", "2:38", "headers.a b", "bad-name", undefined],
  ['{type: http, headers: {a: "x\\r\\ny"}}', "2:41", "headers.a", "out-of-range", undefined],
  ["{type: tls, cert: c.pem}", "2:15", "", "missing-key", undefined],
  ["{type: exchange, steps: []}", "2:39", "steps", "empty-list", undefined],
  ["{type: exchange, steps: [{}]}", "2:40", "steps[0]", "empty-exchange", undefined],
  ["{type: exchange, send: x, steps: [{send: x}]}", "2:38", "send", "mixed-forms", undefined],
  ["[]", "2:15", "", "empty-list", "off"],
  ['[{type: "off"}, {type: tcp}]', "2:16", "[0]", "mixed-forms", undefined],
  ["[{rise: 1}, {rise: 2}]", "2:34", "[1].rise", "mixed-forms", undefined],
  ["[{type: tcp}, {type: http, expect: 2xx}]", "2:50", "[1].expect", "bad-status", undefined],
  ["often", "2:15", "", "wrong-type", undefined],
])("%s is refused, and where", (check, place, key, code, hint) => {
  const errors = errorsOf(parse(`${BACKENDS}\nhealth_check: ${check}`));
  expect(errors).toHaveLength(1);
  const [error] = errors;
  expect(error).toMatchObject({ code, path: pathOf(key) });
  expect(`${error?.line}:${error?.column}`).toBe(place);
  if (hint !== undefined) expect(error?.hint).toContain(hint);
});

test.each([
  "{type: tcp, port: 8008}",
  "{type: tls, port: 8443, server_name: a.example, verify: true, expiry_warning: 0}",
  "{type: http, port: 8008, path: /primary, host: db.internal, expect: '200-299, 401'}",
  '{type: exchange, port: 6379, send: "PING\\r\\n", expect: +PONG}',
  "{type: exchange, expect: hex:0a}",
  '{type: "off", interval: 10s}',
  "{type: https, path: /readyz, method: HEAD, headers: {Authorization: Bearer t}, verify: true, ca: ca.pem}",
  "{type: https, server_name: a.example, cert: c.pem, key: k.pem, alpn: [http/1.1]}",
  "{type: http, contains: ready, headers: {X-Check: 1}}",
  '{type: exchange, steps: [{expect: 220}, {send: "QUIT\\r\\n"}, {expect: 221}]}',
  "{type: exchange, send: INFO, contains: 'role:master'}",
  "[{type: tcp, interval: 1s}, {type: http, port: 8008, interval: 1s, timeout: 500ms}]",
])("%s is accepted", (check) => {
  expect(errorsOf(parse(`${BACKENDS}\nhealth_check: ${check}`))).toEqual([]);
});

test("a pool of another type takes over the pace, and nothing that was said", () => {
  const inherited = {
    type: "exchange",
    send: "a",
    expect: "b",
    port: 1,
    timeout: 7,
    fall: 9,
  } as const;
  const own = (check: WrittenCheck) => layHealthCheck(inherited, check);
  expect(own({ type: "http" })).toEqual([{ type: "http", timeout: 7, fall: 9 }]);
  expect(own({ type: "exchange", send: "c" })).toEqual([{ ...inherited, send: "c" }]);
  expect(own({ port: 2 })).toEqual([{ ...inherited, port: 2 }]);
  expect(layHealthCheck({ port: 5 }, { type: "tcp" })).toEqual([{ port: 5, type: "tcp" }]);
});

test("the checks of a list have one pace, wherever it is written, and a type and timeout each", () => {
  const list = [
    { type: "tcp", timeout: 1 },
    { type: "http", path: "/x", rise: 3 },
  ] as const;
  expect(layHealthCheck({ type: "http", path: "/y", interval: 4, timeout: 7 }, list)).toEqual([
    { type: "tcp", timeout: 1, interval: 4, rise: 3 },
    { type: "http", path: "/x", timeout: 7, interval: 4, rise: 3 },
  ]);
  const pool = layHealthCheck(list, { type: "tls" });
  expect(pool).toEqual([{ type: "tls", timeout: 1, rise: 3 }]);
  expect(layHealthCheck(list)).toEqual([...list]);
});

test("keys are judged by the type that is inherited, too", () => {
  const pool = (own: string) =>
    `listeners: [{name: l, port: 80, pool: web}]\nhealth_check: {type: http}\npools:\n  web: {health_check: ${own}, ${BACKENDS}}`;
  expect(errorsOf(parse(pool("{path: /x, expect: 200}")))).toEqual([]);
  expect(errorsOf(parse(pool("{type: tcp, path: /x}")))).toMatchObject([
    { code: "wrong-check-type", path: "pools.web.health_check.path", line: 4 },
  ]);
});

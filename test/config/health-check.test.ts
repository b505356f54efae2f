// Which keys go with which type of health check, and what a pool takes over from the global one.
import { expect, test } from "bun:test";
import { layHealthCheck } from "../../src/config/resolve.ts";
import { errorsOf, parse } from "../support/findings.ts";

const BACKENDS = "backends: [{host: 10.0.0.1, port: 80}]";

test.each([
  ["{path: /primary}", "2:22", "path", "wrong-check-type", "type: http"],
  ["{type: tcp, path: /primary}", "2:33", "path", "wrong-check-type", "type: http"],
  ["{type: http, send: x}", "2:34", "send", "wrong-check-type", "type: exchange"],
  ["{type: http, server_name: a}", "2:41", "server_name", "wrong-check-type", "type: tls"],
  ["{type: tcp, expect: 200}", "2:35", "expect", "wrong-check-type", "leave it out"],
  ['{type: "off", port: 8008}', "2:35", "port", "wrong-check-type", "leave it out"],
  ["{type: http, expect: 2xx}", "2:36", "expect", "bad-status", undefined],
  ["{type: exchange}", "2:15", "", "empty-exchange", "type: tcp"],
])("%s is refused, and where", (check, place, key, code, hint) => {
  const errors = errorsOf(parse(`${BACKENDS}\nhealth_check: ${check}`));
  expect(errors).toHaveLength(1);
  const [error] = errors;
  expect(error).toMatchObject({ code, path: key === "" ? "health_check" : `health_check.${key}` });
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
  expect(layHealthCheck(inherited, { type: "http" })).toEqual({
    type: "http",
    timeout: 7,
    fall: 9,
  });
  expect(layHealthCheck(inherited, { type: "exchange", send: "c" })).toEqual({
    ...inherited,
    send: "c",
  });
  expect(layHealthCheck(inherited, { port: 2 })).toEqual({ ...inherited, port: 2 });
  expect(layHealthCheck({ port: 5 }, { type: "tcp" })).toEqual({ port: 5, type: "tcp" });
});

test("keys are judged by the type that is inherited, too", () => {
  const pool = (own: string) =>
    `listeners: [{name: l, port: 80, pool: web}]\nhealth_check: {type: http}\npools:\n  web: {health_check: ${own}, ${BACKENDS}}`;
  expect(errorsOf(parse(pool("{path: /x, expect: 200}")))).toEqual([]);
  expect(errorsOf(parse(pool("{type: tcp, path: /x}")))).toMatchObject([
    { code: "wrong-check-type", path: "pools.web.health_check.path", line: 4 },
  ]);
});

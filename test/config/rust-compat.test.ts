import { describe, expect, test } from "bun:test";
import type { Config } from "../../src/config/config.ts";
import { type Expected, errorsOf, expectFindings, parse } from "../support/findings.ts";
import { type Place, places } from "../support/schema-walk.ts";

const BACKENDS = "backends: [{host: a, port: 1}, {host: b, port: 2}]\n";

function configOf(source: unknown): Config {
  const result = parse(source);
  if (result.kind === "invalid") throw new Error(JSON.stringify(result.errors));
  return result.config;
}

test("a file of the older program means the same in our own keys", () => {
  const old = `port: 8080
mode: tcp
log_level: trace
runtime:
  health_check_interval_ms: 3000
  health_check_timeout_ms: 1500
  health_check_fail_threshold: 4
  health_check_success_threshold: 1
  backend_connect_timeout_ms: 2500
  connection_idle_timeout_ms: 600000
  max_concurrent_connections: 5000
  overload_policy: queue
  tcp_backlog: 1024
  backend_cooldown_ms: 100
  failover_backoff_initial_ms: 100
  protection_trigger_threshold: 5
${BACKENDS}`;
  const today = `port: 8080
log: {level: debug}
health_check: {interval: 3s, timeout: 1500ms, fall: 4, rise: 1}
timeouts: {connect: 2500ms, idle: 10m}
limits: {max_connections: 5000, overload: wait}
${BACKENDS}`;
  expect(configOf(old)).toEqual(configOf(today));
  expectFindings(parse(old).warnings, [
    ["2:7", "mode", "ignored-key", "no effect", "can be removed"],
    ["3:12", "log_level", "renamed-key", "write `log: {level: debug}`"],
    renamed("5:29", "health_check_interval_ms", "health_check: {interval: 3s}"),
    renamed("6:28", "health_check_timeout_ms", "health_check: {timeout: 1500ms}"),
    renamed("7:32", "health_check_fail_threshold", "health_check: {fall: 4}"),
    renamed("8:35", "health_check_success_threshold", "health_check: {rise: 1}"),
    renamed("9:31", "backend_connect_timeout_ms", "timeouts: {connect: 2500ms}"),
    renamed("10:31", "connection_idle_timeout_ms", "timeouts: {idle: 10m}"),
    renamed("11:31", "max_concurrent_connections", "limits: {max_connections: 5000}"),
    renamed("12:20", "overload_policy", "limits: {overload: wait}"),
    ignored("13:16", "tcp_backlog"),
    ignored("14:24", "backend_cooldown_ms"),
    ignored("15:3", "failover_backoff_initial_ms"),
    ignored("16:3", "protection_trigger_threshold"),
  ]);
  expect(parse(today).warnings).toEqual([]);
});

function renamed(place: string, name: string, today: string): Expected {
  return [place, `runtime.${name}`, "renamed-key", `\`${name}\` is an old key`, `\`${today}\``];
}

function ignored(place: string, name: string): Expected {
  return [place, `runtime.${name}`, "ignored-key", `\`${name}\` is an old key and has no effect`];
}

describe("each old key", () => {
  const old = places().filter(({ path }) => /^(log_level|mode|runtime\..*)$/.test(path));

  test.each(old.map((place) => [place.path, place] as const))(
    "%s is warned about, and what is proposed means the same",
    (path, place) => {
      for (const value of valuesOf(place)) {
        const [section = "", key] = path.split(".");
        const line = key === undefined ? `${section}: ${value}` : `${section}: {${key}: ${value}}`;
        const text = `${line}\n${BACKENDS}`;
        const found = parse(text).warnings.filter(({ code }) => code.endsWith("-key"));
        expect(found.map(({ path }) => path)).toEqual([path]);
        const proposed = /^write `(.*)`$/.exec(found[0]?.hint ?? "")?.[1];
        expect(found[0]?.code).toBe(proposed === undefined ? "ignored-key" : "renamed-key");
        expect(configOf(`${proposed ?? ""}\n${BACKENDS}`)).toEqual(configOf(text));
      }
    },
  );

  function valuesOf({ field }: Place): readonly unknown[] {
    if (field.kind === "integer") return [field.min, Math.ceil(field.max / 3), field.max];
    return field.kind === "choice" ? field.values : ["wait", "queue", "block", "reject", "else", 1];
  }
});

describe("a key of ours beside the old one", () => {
  test("counts, and the warning says so", () => {
    const text = `timeouts: {idle: 2h}\nruntime: {connection_idle_timeout_ms: 1000}\n${BACKENDS}`;
    expect(configOf(text).timeouts.idleMs).toBe(7_200_000);
    expectFindings(parse(text).warnings, [
      ["2:39", "runtime.connection_idle_timeout_ms", "renamed-key", "bal uses the new one"],
    ]);
  });

  test("of log and limits counts as well", () => {
    const text = `log: {level: error}
log_level: info
limits: {overload: reject, max_connections: 10}
runtime: {overload_policy: wait, max_concurrent_connections: 20}
${BACKENDS}`;
    const { log, limits } = configOf(text);
    expect([log.level, limits.overload, limits.maxConnections]).toEqual(["error", "reject", 10]);
    const { warnings } = parse(text);
    expect(warnings).toHaveLength(3);
    for (const { message } of warnings) expect(message).toContain("bal uses the new one");
  });

  test("of the same section is joined with it", () => {
    const text = `timeouts: {connect: 3s}\nruntime: {connection_idle_timeout_ms: 120000}\n${BACKENDS}`;
    expect(configOf(text).timeouts).toMatchObject({ connectMs: 3000, idleMs: 120_000 });
  });
});

describe("a warning about a value", () => {
  const about = (text: string) =>
    parse(`${text}\n${BACKENDS}`).warnings.filter(({ code }) => code !== "renamed-key");

  test.each([
    ["health_check_interval_ms", 100, "short-interval", "health_check_timeout_ms: 50"],
    ["health_check_interval_ms", 900, "timeout-over-interval", "health_check_fail_threshold: 2"],
    ["health_check_timeout_ms", 11_000, "timeout-over-interval", "health_check_interval_ms: 5000"],
    ["backend_connect_timeout_ms", 500, "short-timeout", "health_check_fail_threshold: 2"],
    ["connection_idle_timeout_ms", 1000, "short-timeout", "health_check_fail_threshold: 2"],
  ] as const)("under %s (%d) points at it", (name, value, code, beside) => {
    expectFindings(about(`runtime:\n  ${beside}\n  ${name}: ${value}`), [
      [`3:${name.length + 5}`, `runtime.${name}`, code],
    ]);
  });

  test("points at the key of ours where both are written", () => {
    const text = "runtime: {connection_idle_timeout_ms: 1000}\ntimeouts: {idle: 5s}";
    expectFindings(about(text), [["2:18", "timeouts.idle", "short-timeout", "5s"]]);
  });
});

describe("a wrong value under an old key", () => {
  test.each([
    ["runtime: 5", "1:10", "runtime", "wrong-type"],
    [
      "runtime: {health_check_interval_ms: 0}",
      "1:37",
      "runtime.health_check_interval_ms",
      "out-of-range",
    ],
    [
      "runtime: {health_check_interval_ms: 5s}",
      "1:37",
      "runtime.health_check_interval_ms",
      "wrong-type",
    ],
    [
      "runtime: {health_chek_interval_ms: 5}",
      "1:11",
      "runtime.health_chek_interval_ms",
      "unknown-key",
    ],
    ["log_level: loud", "1:12", "log_level", "not-allowed"],
  ])("is told where it stands: %s", (text, place, path, code) => {
    expectFindings(errorsOf(parse(`${text}\n${BACKENDS}`)), [[place, path, code]]);
  });
});

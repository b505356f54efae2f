import { describe, expect, test } from "bun:test";
import { template } from "../../src/config/template.ts";
import { type Expected, errorsOf, expectFindings, parse } from "../support/findings.ts";

const BACKENDS = "backends: [{host: a, port: 1}, {host: b, port: 2}]";
const POOLS = `pools: {web: {${BACKENDS}}}`;

type Row = readonly [text: string, ...errors: Expected[]];

function refuses(rows: readonly Row[]): void {
  const named = rows.map(
    ([text, ...errors]) => [text.replaceAll("\n", " ⏎ "), text, errors] as const,
  );
  test.each(named)("%s", (_, text, errors) => {
    expectFindings(errorsOf(parse(text)), errors);
  });
}

describe("unknown keys are refused, with the near name or the known ones", () => {
  refuses([
    [`prot: 80\n${BACKENDS}`, ["1:1", "prot", "unknown-key", "did you mean `port`?"]],
    [
      `bind-address: "::"\n${BACKENDS}`,
      ["1:1", "bind-address", "unknown-key", "did you mean `bind_address`?"],
    ],
    [`${BACKENDS}\ntimeouts:\n  idel: 1h`, ["3:3", "timeouts.idel", "unknown-key", "`idle`"]],
    [
      "backends: [{host: a, port: 1}, {host: b, port: 2, wieght: 2}]",
      ["1:51", "backends[1].wieght", "unknown-key", "`weight`"],
    ],
    [`${BACKENDS}\n__proto__: {port: 1}`, ["2:1", "__proto__", "unknown-key"]],
    [`${BACKENDS}\nconstructor: 1`, ["2:1", "constructor", "unknown-key"]],
    [
      "backends: [{host: a, port: 1, __proto__: {weight: 0}}]",
      ["1:31", "backends[0].__proto__", "unknown-key"],
    ],
    [`${BACKENDS}\nlog: {toString: 1}`, ["2:7", "log.toString", "unknown-key", "level, format"]],
  ]);

  test("and nothing is offered that is not near, nor an old key", () => {
    const [far, old] = errorsOf(parse(`${BACKENDS}\nwibble: 1\nlog_levle: info\n`));
    expect(far?.hint).toBeUndefined();
    expect(old?.hint).toBeUndefined();
  });
});

describe("missing keys are told where their parent stands", () => {
  refuses([
    ["port: 80", ["1:1", "", "missing-key", "no backends", "{host, port}"]],
    ["backends:\n  - port: 1", ["2:5", "backends[0]", "missing-key", "`host` is missing"]],
    ["backends: [{host: a}]", ["1:12", "backends[0]", "missing-key", "`port` is missing"]],
    [
      `listeners: [{}]\n${POOLS}`,
      ["1:13", "listeners[0]", "missing-key", "`name`, `port` and `pool` are missing", "port: 443"],
    ],
    [POOLS, ["1:1", "", "missing-key", "`listeners` is missing", "full form"]],
    [
      "listeners: [{name: l, port: 1, pool: web}]",
      ["1:1", "", "missing-key", "`pools` is missing"],
    ],
    [
      "listeners: [{name: l, port: 1, pool: web}]\npools: {web: {}}",
      ["2:14", "pools.web", "missing-key", "`backends` is missing"],
    ],
  ]);
});

describe("empty lists are refused", () => {
  refuses([
    ["backends: []", ["1:11", "backends", "empty-list", "at least one `{host, port}`"]],
    [
      "listeners: [{name: l, port: 1, pool: web}]\npools: {web: {backends: []}}",
      ["2:25", "pools.web.backends", "empty-list"],
    ],
    [`listeners: []\n${POOLS}`, ["1:12", "listeners", "empty-list"]],
    ["listeners: [{name: l, port: 1, pool: web}]\npools: {}", ["2:8", "pools", "empty-list"]],
  ]);
});

describe("addresses", () => {
  const host = (written: string, ...words: string[]): Row => [
    `backends: [{host: a, port: 1}, {host: ${written}, port: 2}]`,
    ["1:39", "backends[1].host", "bad-address", "an IPv6 address or a hostname", ...words],
  ];
  refuses([
    host("300.1.1.1", '"300.1.1.1"', "four numbers from 0 to 255"),
    host("1.2.3", "four numbers"),
    host("http://x", "write only the host, without scheme and path: x"),
    host("https://a.example:8080/p", "path: a.example"),
    host("a b", '"a b"'),
    host('""', '""'),
    host("a.example:8080", "split it: host: a.example, port: 8080"),
    host('"[::1]:80"', "split it: host: ::1, port: 80"),
    host('"[::1]"', 'write it without brackets: "::1"'),
    host("fe80::1%eth0", "fe80::1%eth0"),
    host("bücher.example"),
    host("80", "80 is not"),
    host("null", "nothing is not"),
    host(`${"a".repeat(100)}`, `"${"a".repeat(60)}…"`),
    [`bind_address: localhost\n${BACKENDS}`, ["1:15", "bind_address", "bad-address", "127.0.0.1"]],
    [
      `bind_address: eth0\n${BACKENDS}`,
      ["1:15", "bind_address", "bad-address", "an IPv4 or IPv6 address"],
    ],
    [`bind_address: 0\n${BACKENDS}`, ["1:15", "bind_address", "bad-address"]],
  ]);

  test.each([
    ["127.0.0.1", "127.0.0.1"],
    ["DB.Internal", "db.internal"],
    ["::FFFF:10.0.0.1", "10.0.0.1"],
    ["2001:DB8:0::1", "2001:db8::1"],
    ["::1:2:3:4:1.2.3.4", "::1:2:3:4:102:304"],
  ])("%s is %s", (written, host) => {
    const result = parse({ backends: [{ host: written, port: 1 }] });
    expect(result).toMatchObject({ config: { pools: [{ backends: [{ address: { host } }] }] } });
  });
});

describe("unix sockets of backends", () => {
  const unix = (written: string, ...words: string[]): Row => [
    `backends: [{host: a, port: 1}, {unix: ${written}}]`,
    ["1:39", "backends[1].unix", "bad-address", "absolute path of at most 107 bytes", ...words],
  ];
  refuses([
    unix("app.sock", "an absolute path, such as", "/run/app.sock"),
    unix("./run/app.sock", "/run/run/app.sock"),
    unix("unix:/run/app.sock", "write only the path: /run/app.sock"),
    unix("unix:///run/app.sock", "write only the path: /run/app.sock"),
    unix('"@"', '"@"'),
    unix('"/run/a\\0b"'),
    unix(`/${"a".repeat(107)}`, '"/aaa'),
    unix(`/${"é".repeat(54)}`),
    [
      "backends: [{host: a, port: 1}, {unix: ''}]",
      ["1:39", "backends[1].unix", "wrong-type", "absolute path"],
    ],
    [
      "backends: [{host: a, port: 1}, {unix: /s, port: 2}]",
      [
        "1:49",
        "backends[1].port",
        "mixed-forms",
        "`unix` and `port` cannot be used together",
        "leave",
      ],
    ],
    [
      "backends:\n  - {host: a, unix: /s}\n  - {host: b, port: 1}",
      ["2:12", "backends[0].host", "mixed-forms", "`unix` and `host`"],
    ],
    [
      "health_check: {type: tls, verify: true}\nbackends: [{unix: /s}, {unix: /t}]",
      ["1:35", "health_check.verify", "verify-unix", "unix:/s", "write server_name"],
    ],
  ]);

  test.each([["/run/app.sock"], ["@app"], [`/${"a".repeat(106)}`], ["/run/my app.sock"]])(
    "%s is one",
    (path) => {
      const backend = { address: { kind: "unix", path }, name: `unix:${path}` };
      expect(parse({ backends: [{ unix: path }] })).toMatchObject({
        config: { pools: [{ backends: [backend] }] },
      });
    },
  );
});

describe("values of the wrong kind are refused, with what is allowed", () => {
  const value = (written: string, ...error: readonly [code: string, ...words: string[]]): Row => {
    const [key = "", text = ""] = written.split("=");
    const path = key.split(".");
    const before = path.map((name) => `${name}: `).join("{");
    const line = `${before}${text}${"}".repeat(path.length - 1)}`;
    return [`${line}\n${BACKENDS}`, [`1:${before.length + 1}`, key, ...error]];
  };
  refuses([
    value('port="80"', "wrong-type", "a port from 1 to 65535", "write it without quotes: 80"),
    value("port=http", "wrong-type", "a port from 1 to 65535, or a range such as"),
    value("port=80.5", "out-of-range", "found 80.5"),
    value("port=.inf", "out-of-range"),
    value("port=true", "wrong-type", "found true"),
    value("workers=many", "wrong-type", "auto, or an integer from 1 to 8"),
    value("workers=automatic", "wrong-type", "auto, or"),
    value("watch=yes", "wrong-type", "true or false", 'found "yes"'),
    value("method=round-robin", "not-allowed", "round_robin, least_connections", "`round_robin`"),
    value("method=leastconnections", "not-allowed", "did you mean `least_connections`?"),
    value("log.level=verbose", "not-allowed", "one of debug, info, warn, error"),
    value("limits.overload=queue", "not-allowed", "reject, wait"),
    value("health_check.type=udp", "not-allowed", "expected one of tcp, tls"),
    value("keepalive=60", "wrong-type", "such as 500ms, 5s, 2m or 1h", "60s or 60ms"),
    value("keepalive=1 h", "wrong-type", "or 0 for off"),
    value("keepalive=-1s", "wrong-type", "a duration"),
    value("timeouts.connect=2 seconds", "wrong-type", "a duration"),
    value("timeouts.connect=1w", "wrong-type", "a duration"),
    value("timeouts.connect=0", "out-of-range", "expected 1ms to"),
    value("timeouts.idle=25d", "out-of-range", "1ms to 20d"),
    value("limits.max_buffered=1MB", "wrong-type", "auto, or a size such as 64KiB or 1MiB"),
    value("limits.max_buffered=1.5", "wrong-type", "a size"),
    value("limits.max_buffered=true", "wrong-type", "a size"),
    value("limits.max_connections=0", "out-of-range", "1 to 10000000"),
  ]);
});

describe("names", () => {
  refuses([
    [
      "backends: [{host: a, port: 1, name: a b}]",
      ["1:37", "backends[0].name", "bad-name", "letters, digits", "128"],
    ],
    ["backends: [{host: a, port: 1, name: true}]", ["1:37", "backends[0].name", "wrong-type"]],
    [
      "backends:\n  - {host: a, port: 1, name: x}\n  - {host: b, port: 1, name: x}",
      ["3:30", "backends[1].name", "duplicate-name", "name x is already used by backends[0]"],
    ],
    [
      "backends:\n  - {host: a, port: 1, name: 'b:1'}\n  - {host: b, port: 1}",
      ["3:5", "backends[1].name", "duplicate-name", "b:1"],
    ],
    [
      `listeners: [{name: l, port: 1, pool: a b}]\npools: {a b: {${BACKENDS}}}`,
      ["1:38", "listeners[0].pool", "bad-name"],
      ["2:9", "pools.a b", "bad-name", "`a b` is not a name"],
    ],
    [
      `listeners: [{name: l, port: 1, pool: web}]\npools:\n  web: {${BACKENDS}}\n  b c: {backends: []}`,
      ["4:3", "pools.b c", "bad-name"],
      ["4:19", "pools.b c.backends", "empty-list"],
    ],
  ]);
});

describe("the full form", () => {
  refuses([
    [
      `listeners: [{name: l, port: 1, pool: wbe}]\n${POOLS}`,
      ["1:38", "listeners[0].pool", "unknown-pool", "there is web", "did you mean `web`?"],
    ],
    [
      `listeners:\n  - {name: l, port: 80, pool: web}\n  - {name: m, port: 80, pool: web}\n${POOLS}`,
      ["3:21", "listeners[1].port", "duplicate-address", "0.0.0.0:80", "listeners[0].port"],
    ],
    [
      `listeners:\n  - {name: l, port: 80, pool: web}\n  - {name: l, port: 81, pool: web}\n${POOLS}`,
      ["3:12", "listeners[1].name", "duplicate-name", "listeners[0].name"],
    ],
    [
      `port: 1\nmethod: round_robin\nlisteners: [{name: l, port: 2, pool: web}]\n${POOLS}`,
      ["1:7", "port", "mixed-forms", "simple form", "move it into `listeners`"],
      ["2:9", "method", "mixed-forms", "move it into `pools`"],
    ],
  ]);

  test("may have one port on several addresses", () => {
    const one = { port: 80, pool: "web" };
    const listeners = [
      { ...one, name: "all" },
      { ...one, name: "home", bind_address: "127.0.0.1" },
      { ...one, name: "six", bind_address: "::1" },
    ];
    expect(parse(`listeners: ${JSON.stringify(listeners)}\n${POOLS}`).kind).toBe("valid");
  });
});

test("everything that is wrong is told at once, in the order of the file", () => {
  const text = `port: 0
metod: x
backends:
  - {host: 300.1.1.1, port: 1}
  - {host: b}
timeouts: {idle: 1 h}
health_check: {interval: 100ms, timeout: 3s}
`;
  const result = parse(text);
  expectFindings(errorsOf(result), [
    ["1:7", "port", "out-of-range"],
    ["2:1", "metod", "unknown-key"],
    ["4:12", "backends[0].host", "bad-address"],
    ["5:5", "backends[1]", "missing-key"],
    ["6:18", "timeouts.idle", "wrong-type"],
  ]);
  expectFindings(result.warnings, [
    ["7:26", "health_check.interval", "short-interval"],
    ["7:42", "health_check.timeout", "timeout-over-interval"],
  ]);
});

test("the config to begin with has nothing against it", () => {
  expect(parse(template)).toMatchObject({ kind: "valid", warnings: [] });
});

describe("the admin API is not left open by mistake", () => {
  const admin = (text: string) => `admin: {${text}}\n${BACKENDS}`;
  refuses([
    [
      admin('listen: "0.0.0.0:9296"'),
      ["1:17", "admin.listen", "token-required", "`token`", "127.0.0.1"],
    ],
    [admin('listen: "[::]:9296", token: null'), ["1:17", "admin.listen", "token-required"]],
    [admin('listen: "10.0.0.1:9296"'), ["1:17", "admin.listen", "token-required"]],
    [
      admin("listen: 9296"),
      ["1:17", "admin.listen", "bad-address", "127.0.0.1:9296 or [::1]:9296", "127.0.0.1:9296"],
    ],
    [
      admin("listen: localhost:9296"),
      ["1:17", "admin.listen", "bad-address", "write 127.0.0.1:9296 for this host only"],
    ],
    [admin('listen: "127.0.0.1:0"'), ["1:17", "admin.listen", "bad-address"]],
    [admin('listen: "127.0.0.1:65536"'), ["1:17", "admin.listen", "bad-address"]],
    [
      `port: 9296\n${admin("listen: 127.0.0.1:9296")}`,
      ["2:17", "admin.listen", "duplicate-address", "listener default"],
    ],
    [admin('token: "with space"'), ["1:16", "admin.token", "wrong-type", "visible ASCII"]],
    [admin("token: 12345678901234567890"), ["1:16", "admin.token", "wrong-type", "in quotes"]],
    [admin('token_file: ""'), ["1:21", "admin.token_file", "wrong-type", "path of a file"]],
  ]);

  test("and no finding tells a token", () => {
    for (const token of ['"with space 12345"', "12345", "[12345]", '""', '"12345\\n"']) {
      const found = errorsOf(parse(admin(`token: ${token}`)));
      expect(found).toHaveLength(1);
      expect(JSON.stringify(found)).not.toContain("12345");
    }
  });
});

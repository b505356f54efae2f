// Where listeners may be, and what is wrong with where they are.
import { describe, expect, test } from "bun:test";
import { describeChange } from "../../src/config/change.ts";
import { diffConfigs } from "../../src/config/diff.ts";
import { asWritten } from "../../src/config/serialize.ts";
import { type Expected, errorsOf, expectFindings, parse } from "../support/findings.ts";

const BACKENDS = "backends: [{host: a, port: 1}, {host: b, port: 2}]";

/** One listener a line, before a pool that has nothing against it. */
const file = (...listeners: readonly string[]) =>
  `listeners:\n${listeners.map((text) => `  - {${text}, pool: web}\n`).join("")}pools: {web: {${BACKENDS}}}`;

function configOf(text: unknown) {
  const result = parse(text);
  if (result.kind === "invalid") throw new Error(JSON.stringify(result.errors));
  return result.config;
}

type Row = readonly [text: string, ...errors: Expected[]];

function refuses(rows: readonly Row[]): void {
  const named = rows.map(
    ([text, ...errors]) => [text.replaceAll("\n", " ⏎ "), text, errors] as const,
  );
  test.each(named)("%s", (_, text, errors) => {
    expectFindings(errorsOf(parse(text)), errors);
  });
}

const addressOf = (listener: string) =>
  configOf(file(`name: l, ${listener}`)).listeners[0]?.address;

describe("ports", () => {
  test.each([
    ["port: 9000", 9000, 9000],
    ["port: 9000-9010", 9000, 9010],
    ['port: "9000-9010"', 9000, 9010],
    ["port: 9000-9000", 9000, 9000],
    ["port: 1-1024", 1, 1024],
    ["port: 64512-65535", 64512, 65535],
  ])("%s", (written, from, to) => {
    expect(addressOf(written)).toEqual({ kind: "tcp", ip: "0.0.0.0", ports: { from, to } });
  });

  const port = (written: string, ...error: readonly [code: string, ...words: string[]]): Row => [
    file(`name: l, port: ${written}`),
    ["2:21", "listeners[0].port", ...error],
  ];
  refuses([
    port("9010-9000", "out-of-range", '"9010-9000"', "as 9000-9010"),
    port("0-10", "out-of-range", "a port from 1 to 65535, or a range such as 9000-9010"),
    port("65000-70000", "out-of-range"),
    port("1-1025", "too-many", "1-1025 has 1025 ports; a listener may have at most 1024"),
    port("9000:9010", "wrong-type", "as 9000-9010"),
    port("9000..9010", "wrong-type", "as 9000-9010"),
    port("9000 - 9010", "wrong-type", "as 9000-9010"),
    port("9000-", "wrong-type"),
    port("9000-9010-9020", "wrong-type"),
    port('"-1"', "wrong-type"),
    port("-1", "out-of-range"),
    port("[9000, 9001]", "wrong-type", "found a list"),
  ]);

  test("stand in the simple form as well", () => {
    const [listener] = configOf(`port: 9000-9010\n${BACKENDS}`).listeners;
    expect(listener?.address).toMatchObject({ ports: { from: 9000, to: 9010 } });
  });

  describe("are a listener's own", () => {
    const clash = (first: string, second: string, ...shared: string[]): Row => [
      file(`name: a, ${first}`, `name: b, ${second}`),
      ["3:21", "listeners[1].port", "duplicate-address", ...shared, "by listeners[0].port"],
    ];
    refuses([
      clash("port: 9000-9010", "port: 9010", "address 0.0.0.0:9010 is already used"),
      clash("port: 9005", "port: 9000-9010", "address 0.0.0.0:9005 is already used"),
      clash("port: 9000-9010", "port: 9005-9020", "address 0.0.0.0:9005-9010 is already used"),
      clash("port: 9000-9010", "port: 9000-9010, bind_address: 0.0.0.0", "0.0.0.0:9000-9010"),
      [
        `port: 9290-9299\nadmin: {listen: 127.0.0.1:9296}\n${BACKENDS}`,
        ["2:17", "admin.listen", "duplicate-address", "listener default"],
      ],
    ]);

    test.each([
      ["port: 9000-9010", "port: 9011-9020"],
      ["port: 9000-9010", "port: 9005, bind_address: 127.0.0.1"],
      ["port: 9000", "unix: /run/a.sock"],
    ])("%s beside %s", (first, second) => {
      expect(errorsOf(parse(file(`name: a, ${first}`, `name: b, ${second}`)))).toEqual([]);
    });
  });
});

describe("unix sockets", () => {
  test.each([
    ["unix: /run/edge.sock", "/run/edge.sock", 0o660],
    ['unix: /run/edge.sock, mode: "0600"', "/run/edge.sock", 0o600],
    ['unix: /run/edge.sock, mode: "777"', "/run/edge.sock", 0o777],
    ['unix: "@edge"', "@edge", null],
  ])("%s", (written, path, mode) => {
    expect(addressOf(written)).toEqual({ kind: "unix", path, mode });
  });

  const socket = (written: string, at: string, ...error: readonly [string, string, ...string[]]) =>
    [file(`name: l, unix: /s, ${written}`), [at, ...error] as Expected] as const satisfies Row;
  refuses([
    [
      file("name: l, unix: edge.sock"),
      ["2:21", "listeners[0].unix", "bad-address", "/run/edge.sock"],
    ],
    [
      file(`name: l, unix: /${"a".repeat(107)}`),
      ["2:21", "listeners[0].unix", "bad-address", "107"],
    ],
    socket(
      "port: 80",
      "2:31",
      "listeners[0].port",
      "mixed-forms",
      "`unix` and `port` cannot be used together",
    ),
    socket('bind_address: "::"', "2:39", "listeners[0].bind_address", "mixed-forms", "leave"),
    socket("allow: [10.0.0.1]", "2:32", "listeners[0].allow", "no-address", "`mode` says who"),
    socket("allow: []", "2:32", "listeners[0].allow", "no-address"),
    socket("deny: [10.0.0.1]", "2:31", "listeners[0].deny", "no-address", "have no address"),
    socket("limits: {per_client: 1}", "2:46", "listeners[0].limits.per_client", "no-address"),
    socket(
      "limits: {rate_per_client: 1/s}",
      "2:51",
      "listeners[0].limits.rate_per_client",
      "no-address",
      "`rate` limits all clients together",
    ),
    socket(
      "tcp_fast_open: true",
      "2:40",
      "listeners[0].tcp_fast_open",
      "no-address",
      "only for TCP",
    ),
    socket("defer_accept: true", "2:39", "listeners[0].defer_accept", "no-address", "only for TCP"),
    [
      file("name: a, unix: /s", "name: b, unix: /s"),
      ["3:21", "listeners[1].unix", "duplicate-address", "unix:/s", "listeners[0].unix"],
    ],
    [
      file('name: l, port: 1, mode: "0660"'),
      ["2:30", "listeners[0].mode", "mixed-forms", "only for unix sockets"],
    ],
    [
      file('name: l, unix: "@l", mode: "0660"'),
      ["2:33", "listeners[0].mode", "mixed-forms", "abstract namespace"],
    ],
  ]);

  test("what is as if it were not written may stand there", () => {
    const limits = "limits: {per_client: 0, rate_per_client: 0}";
    const text = `name: l, unix: /s, deny: [], tcp_fast_open: false, defer_accept: false, ${limits}`;
    expect(errorsOf(parse(file(text)))).toEqual([]);
  });

  describe("a mode that YAML takes for a number is asked for in quotes", () => {
    const mode = (written: string, meant: string): Row => [
      file(`name: l, unix: /s, mode: ${written}`),
      ["2:31", "listeners[0].mode", "wrong-type", "octal permissions", `number: "${meant}"`],
    ];
    refuses([
      mode("0660", "0660"),
      mode("660", "0660"),
      mode("0o660", "0660"),
      mode("0600", "0600"),
      mode("0o600", "0600"),
      mode("0o777", "0777"),
      mode("1", "0660"),
    ]);
  });

  refuses([
    [
      file('name: l, unix: /s, mode: "0680"'),
      ["2:31", "listeners[0].mode", "wrong-type", '"0680"'],
    ],
    [file('name: l, unix: /s, mode: "1777"'), ["2:31", "listeners[0].mode", "wrong-type"]],
    [file("name: l, unix: /s, mode: rw"), ["2:31", "listeners[0].mode", "wrong-type"]],
  ]);

  test("of clients whose address would be hashed are warned of", () => {
    const text = file("name: l, unix: /s").replace("{back", "{method: source_hash, back");
    expectFindings(parse(text).warnings, [
      ["2:31", "listeners[0].pool", "no-address", "sends them all to one backend"],
    ]);
  });

  test("in routes as well", () => {
    const text = file("name: l, unix: /s")
      .replace("pool: web}", "routes: [{default: true, pool: web}]}")
      .replace("{back", "{method: source_hash, back");
    expectFindings(parse(text).warnings, [
      ["2:56", "listeners[0].routes[0].pool", "no-address", "sends them all to one backend"],
    ]);
  });

  describe("whose peers announce their clients", () => {
    const announced = (rest: string) => file(`name: l, unix: /s, proxy_protocol: {${rest}`);

    test("have addresses to judge, to count and to hash", () => {
      const limits = "limits: {per_client: 1, rate_per_client: 1/s}";
      const text = announced(`accept: true}, allow: [10.0.0.0/8], deny: [10.0.0.1], ${limits}`);
      expect(parse(text.replace("{back", "{method: source_hash, back"))).toMatchObject({
        kind: "valid",
        warnings: [],
      });
      const config = configOf(text);
      expect(configOf(asWritten(config))).toEqual(config);
    });

    refuses([
      [
        announced("trusted: [10.0.0.0/8]}"),
        [
          "2:51",
          "listeners[0].proxy_protocol.trusted",
          "no-address",
          "`mode` says who may connect",
        ],
      ],
      [
        announced("accept: false}, allow: [10.0.0.0/8]"),
        ["2:65", "listeners[0].allow", "no-address"],
      ],
    ]);
  });

  test("that are a backend's as well are warned of", () => {
    const text = file("name: l, unix: /s").replace("{host: b, port: 2}", "{unix: /s}");
    expectFindings(parse(text).warnings, [
      ["3:46", "pools.web.backends[1]", "own-listener", "listener l"],
    ]);
  });
});

describe("backends without a port", () => {
  const CHECK = "health_check: {port: 8080}";

  test("are called by their host, and hashed by it", () => {
    const text = `${CHECK}\nbackends: [{host: 10.0.0.1}, {host: "fd00::1"}, {host: c, name: third}]`;
    const [pool] = configOf(text).pools;
    expect(pool?.backends.map(({ name, address }) => [name, address])).toEqual([
      ["10.0.0.1", { kind: "host", host: "10.0.0.1", port: 0 }],
      ["fd00::1", { kind: "host", host: "fd00::1", port: 0 }],
      ["third", { kind: "host", host: "c", port: 0 }],
    ]);
  });

  test.each([
    `${CHECK}\nbackends: [{host: a}, {host: b}]`,
    "health_check: {type: off}\nbackends: [{host: a}, {host: b}]",
    `listeners: [{name: l, port: 1-9, pool: p}]\npools: {p: {${CHECK}, backends: [{host: a}, {host: b}]}}`,
  ])("%s", (text) => {
    expect(parse(text)).toMatchObject({ kind: "valid", warnings: [] });
  });

  refuses([
    [
      "backends: [{host: a}, {host: b, port: 1}]",
      ["1:12", "backends[0]", "missing-key", "`port` is missing", "health_check: {port: 8080}"],
    ],
    [
      `listeners: [{name: l, port: 1, pool: p}]\n${CHECK}\npools: {p: {health_check: {type: http}, backends: [{host: a}, {host: b, port: 1}]}}`,
      ["3:52", "pools.p.backends[0]", "missing-key", "the health check needs"],
    ],
    [
      `listeners: [{name: l, port: 1, pool: p}, {name: m, unix: /s, pool: p}]\npools: {p: {${CHECK}, backends: [{host: a}, {host: b, port: 1}]}}`,
      ["2:52", "pools.p.backends[0]", "missing-key", "clients of unix:/s have no port"],
    ],
    [
      `listeners: [{name: m, unix: /s, routes: [{default: true, pool: p}]}]\npools: {p: {${CHECK}, backends: [{host: a}, {host: b, port: 1}]}}`,
      ["2:52", "pools.p.backends[0]", "missing-key", "clients of unix:/s have no port"],
    ],
    // A port that is wrong is none that is left out.
    [
      "backends: [{host: a, port: x}, {host: b, port: 1}]",
      ["1:28", "backends[0].port", "wrong-type"],
    ],
  ]);

  test("of this host would be dialled at bal's own listener", () => {
    const at = (host: string, bind: string) =>
      parse(`port: 1-9\nbind_address: ${bind}\n${CHECK}\nbackends: [{host: ${host}}, {host: b}]`);
    const codes = (host: string, bind: string) => at(host, bind).warnings.map(({ code }) => code);
    expect(codes("127.0.0.1", "0.0.0.0")).toEqual(["own-listener"]);
    expect(codes("localhost", "127.0.0.1")).toEqual(["own-listener"]);
    expect(codes("10.0.0.1", "10.0.0.1")).toEqual(["own-listener"]);
    expect(codes("127.0.0.2", "127.0.0.1")).toEqual([]);
    expect(codes("10.0.0.1", "0.0.0.0")).toEqual([]);
  });
});

describe("the config in force", () => {
  const listeners = [
    { name: "range", port: "9000-9010", pool: "p" },
    { name: "socket", unix: "/run/edge.sock", mode: "600", pool: "q" },
    { name: "abstract", unix: "@edge", pool: "q" },
  ];
  const pools = {
    p: { health_check: { port: 80 }, backends: [{ host: "a" }, { host: "b", name: "second" }] },
    q: { backends: [{ host: "a", port: 1 }] },
  };

  test("is written as it was, without what unix sockets have no use for", () => {
    const config = configOf({ listeners, pools });
    const written = asWritten(config);
    expect(configOf(written)).toEqual(config);
    const [range, socket, abstract] = written.listeners as Record<string, unknown>[];
    expect(range).toMatchObject({ port: "9000-9010", bind_address: "0.0.0.0" });
    expect(socket).toMatchObject({ unix: "/run/edge.sock", mode: "0600" });
    expect(Object.keys(abstract!)).toEqual([
      ...["name", "unix", "pool", "proxy_protocol", "limits", "timeouts"],
    ]);
  });

  test("changes by what is written", () => {
    const from = configOf({ listeners, pools });
    const changed = [
      { ...listeners[0], port: "9000-9020" },
      { ...listeners[1], mode: "0660" },
      { name: "abstract", port: 80, pool: "q" },
    ];
    const changes = diffConfigs(from, configOf({ listeners: changed, pools })).map(describeChange);
    expect(changes.slice(0, 3)).toEqual([
      "listeners.range.port: 9000-9010 → 9000-9020",
      "listeners.socket.mode: 0600 → 0660",
      "removed listeners.abstract.unix",
    ]);
  });
});

// Where TLS clients go by what their hello asks for: hellos of real clients, in pieces and whole, and what
// is no hello at all. TLS passes through: the backend gets the very bytes.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import type { SessionStatus } from "../../../src/api/admin-api.ts";
import { corpus } from "../../policy/tls/corpus.ts";
import { message, records } from "../../policy/tls/hello.ts";
import { type Bal, spawnBal, temporaryHome } from "../../support/bal.ts";
import { type Peer, peer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { ask, asking, receipt, routed } from "../../support/routed.ts";
import { until } from "../../support/until.ts";
import { connect, exchange, type ReadToEnd } from "../../support/wire.ts";

setDefaultTimeout(60_000);

async function sessionsOf(bal: Bal): Promise<readonly SessionStatus[]> {
  return JSON.parse((await bal.run("sessions", "--json")).stdout).sessions;
}

const answered = (name: string, bytes: Uint8Array): ReadToEnd => ({
  ending: "eof",
  text: `${name} ${Buffer.from(bytes).toString("base64")}`,
});
const refused: ReadToEnd = { ending: "reset", text: "" };

function cut(bytes: Uint8Array, ...places: readonly number[]): readonly Uint8Array[] {
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index]));
}

test("hellos of real clients are routed and come through whole, whatever pieces they are sent in", async () => {
  using h2 = receipt("h2");
  using rest = receipt("rest");
  const routes = [
    { alpn: ["h2"], pool: "h2" },
    { default: true, pool: "rest" },
  ];
  const { port, config } = routed(routes, { h2, rest });
  using _ = await spawnBal({ config });
  for (const { name, hello: asked, bytes } of corpus) {
    const expected = answered(asked.alpn.includes("h2") ? "h2" : "rest", bytes);
    const middle = Math.floor(bytes.length / 2);
    for (const places of [[], [1], [5, 6], [middle], [3, middle, bytes.length - 1]]) {
      expect([name, await ask(port, ...cut(bytes, ...places))]).toEqual([name, expected]);
    }
  }
});

test("an exact name wins over the longest wildcard, that over a protocol, that over the default", async () => {
  using exact = receipt("exact");
  using near = receipt("near");
  using far = receipt("far");
  using protocol = receipt("protocol");
  using rest = receipt("rest");
  // In no helpful order.
  const routes = [
    { default: true, pool: "rest" },
    { alpn: ["h2"], pool: "protocol" },
    { sni: ["*.test"], pool: "far" },
    { sni: ["*.b.test"], pool: "near" },
    { sni: ["a.b.test", "c.test"], pool: "exact" },
    { sni: ["bad.test", "*.bad.test"], refuse: true },
  ];
  const { port, config } = routed(routes, { exact, near, far, protocol, rest });
  using bal = await spawnBal({ config });
  const table = [
    [asking("a.b.test", "h2"), "exact"],
    [asking("A.B.Test"), "exact"],
    [asking("c.test"), "exact"],
    [asking("x.b.test", "h2"), "near"],
    [asking("y.x.b.test"), "near"],
    [asking("b.test"), "far"],
    [asking("test", "h2"), "protocol"],
    [asking(null, "http/1.1", "h2"), "protocol"],
    [asking(null, "http/1.1"), "rest"],
    [asking("other.example"), "rest"],
  ] as const;
  for (const [bytes, name] of table) expect(await ask(port, bytes)).toEqual(answered(name, bytes));
  expect(await ask(port, asking("bad.test"))).toEqual(refused);
  expect(await ask(port, asking("x.bad.test"))).toEqual(refused);
  const [edge] = (await bal.status()).listeners;
  expect(edge).toMatchObject({ pool: null, routes, accepted: 12, refused: 2 });
  const line = bal.logs().find(({ event }) => event === "client-refused");
  expect(line).toMatchObject({ end: "PP", reason: "no_route", listener: "edge" });
  expect(line?.message).toContain("bad.test");
});

describe("without a default", () => {
  test("what no route takes is refused, and what is no hello even where there is one", async () => {
    using a = receipt("a");
    const { port, config } = routed([{ sni: ["a.test"], pool: "a" }], { a });
    using bal = await spawnBal({ config });
    expect(await ask(port, asking("b.test"))).toEqual(refused);
    expect(await ask(port, asking(null))).toEqual(refused);
    await bal.reload(routed([{ default: true, pool: "a" }], { a }, { port }).config);
    const garbage = [
      Buffer.from("GET / HTTP/1.1\r\n\r\n"),
      Buffer.from("SSH-2.0-OpenSSH_9\r\n"),
      // SSLv2, PostgreSQL's SSLRequest, a TLS alert, a hello that says it is 16 MiB long.
      Uint8Array.of(0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10),
      Uint8Array.of(0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f),
      Uint8Array.of(21, 3, 1, 0, 2, 2, 40),
      Uint8Array.of(22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff),
      records(message({ extensions: Array(17_000).fill(0) })),
      new Uint8Array(100_000),
    ];
    for (const bytes of garbage) expect(await ask(port, bytes)).toEqual(refused);
    const metrics = await (await bal.get("/metrics"))?.text();
    expect(metrics).toContain('refused_total{listener="edge",reason="no_route"} 2\n');
    expect(metrics).toContain('refused_total{listener="edge",reason="bad_client_hello"} 8\n');
    expect(a.connections).toBe(0);
  });
});

test.each(["json", "pretty"])(
  "what a hello asks for cannot forge the log, in %s",
  async (format) => {
    using a = receipt("a");
    const { port, config } = routed([{ sni: ["a.test"], pool: "a" }], { a }, { log: { format } });
    using bal = await spawnBal({ config });
    const hostile = ["\u001b]0;owned\u0007", "x\r\n10:02:00 ERROR forged", "\u000b\u007f\u0085"];
    const many = Array<string>(60).fill("\u0001".repeat(255));
    expect(await ask(port, asking("b.test", ...hostile, ...many))).toEqual(refused);
    const line = await until("the refusal is logged", () =>
      bal.stderr.split("\n").find((one) => one.includes("b.test")),
    );
    expect(line).not.toMatch(/[\p{Cc}]/u);
    expect(line).toContain("forged");
    expect(line).toContain("and 55 more");
    expect(line?.length).toBeLessThan(1500);
    expect(bal.stderr.split("\n").filter((one) => one.startsWith("10:02:00"))).toEqual([]);
  },
);

test("a client that does not say all in time is ended, and one that leaves is let go", async () => {
  using a = receipt("a");
  const { port, config } = routed(
    [{ default: true, pool: "a" }],
    { a },
    { timeouts: { preread: "1s" } },
  );
  using bal = await spawnBal({ config });
  const bytes = asking("a.test");
  using silent = await connect(port);
  using slow = await connect(port);
  const drip = (async () => {
    // It says something all the time: the time counts from accept on.
    for (const byte of bytes) {
      if (!(await slow.send(Uint8Array.of(byte)))) return;
      await Bun.sleep(50);
    }
  })();
  using leaver = await connect(port);
  await leaver.send(bytes.subarray(0, 10));
  leaver.finish();
  expect(await leaver.closed).not.toBeNull();
  expect(await silent.ended).toBe("reset");
  expect(await slow.ended).toBe("reset");
  await drip;
  const metrics = await (await bal.get("/metrics"))?.text();
  expect(metrics).toContain('ended_total{listener="edge",reason="preread_timeout"} 2\n');
  expect(metrics).toContain('ended_total{listener="edge",reason="client_gone"} 1\n');
  expect(a.connections).toBe(0);
  await bal.untilIdle();
});

test("where no route asks, a server that speaks first is heard at once", async () => {
  using a = peer(async (wire) => {
    await wire.send("220 hello\r\n");
    wire.finish();
  });
  const { port, config } = routed([{ default: true, pool: "a" }], { a });
  const [edge] = config.listeners;
  const { routes: _, ...plain } = { ...edge, name: "smtp", port: freePort(), pool: "a" };
  using bal = await spawnBal({ config: { ...config, listeners: [edge, plain] } });
  expect(await exchange(plain.port, "")).toEqual({ ending: "eof", text: "220 hello\r\n" });
  using waiting = await connect(port);
  await until("it waits for a hello", async () => {
    const sessions = await sessionsOf(bal);
    return sessions.some((one) => one.phase === "preread" && one.backend === null);
  });
  expect(waiting.bytesReceived).toBe(0);
});

test("a reload changes where names go, at once and for new clients alone", async () => {
  using a = receipt("a");
  using b = receipt("b");
  const peers = { a, b };
  const { port, config } = routed(
    [
      { sni: ["x.test"], pool: "a" },
      { default: true, pool: "b" },
    ],
    peers,
  );
  using bal = await spawnBal({ config });
  const bytes = asking("x.test");
  using early = await connect(port);
  await early.send(bytes);
  await until(
    "it is at its backend",
    async () => (await bal.status()).pools[0]?.backends[0]?.active === 1,
  );
  const next = routed(
    [
      { sni: ["x.test"], pool: "b" },
      { default: true, pool: "a" },
    ],
    peers,
    { port },
  );
  const { changes } = await bal.reload(next.config);
  expect(changes).toMatchObject([{ kind: "changed", path: "listeners.edge.routes" }]);
  expect(await ask(port, bytes)).toEqual(answered("b", bytes));
  early.finish();
  expect(await early.readToEnd()).toEqual(answered("a", bytes));
  // From routes to a pool and back: the socket stays, nothing is read where nothing asks.
  const [edge] = next.config.listeners;
  const { routes: _, ...plain } = { ...edge, pool: "a" };
  await bal.reload({ ...next.config, listeners: [plain] });
  expect(await ask(port, Buffer.from("no hello"))).toEqual(answered("a", Buffer.from("no hello")));
  await bal.reload(next.config);
  expect(await ask(port, bytes)).toEqual(answered("b", bytes));
});

test("a client that was being read when its listener and pool went is refused, or goes to what is left", async () => {
  using a = receipt("a");
  using b = receipt("b");
  const { port, config } = routed(
    [
      { sni: ["a.test"], pool: "a" },
      { default: true, pool: "b" },
    ],
    { a, b },
  );
  using bal = await spawnBal({ config });
  const [toA, toB] = [asking("a.test"), asking("b.test")];
  using first = await connect(port);
  using second = await connect(port);
  await first.send(toA.subarray(0, 20));
  await second.send(toB.subarray(0, 20));
  await until("both are read", async () => (await sessionsOf(bal)).length === 2);
  const other = { name: "other", bind_address: "127.0.0.1", port: freePort(), pool: "b" };
  await bal.reload({ listeners: [other], pools: { b: config.pools.b } });
  await first.send(toA.subarray(20));
  await second.send(toB.subarray(20));
  second.finish();
  expect(await first.ended).toBe("reset");
  expect(await second.readToEnd()).toEqual(answered("b", toB));
  await bal.untilIdle();
  expect((await bal.status()).pools[0]?.backends[0]).toMatchObject({ active: 0, total: 1 });
});

test("TLS ends at the backend: its certificate is what the client sees, and sessions know the name", async () => {
  using folder = temporaryHome();
  const files = ["cert.pem", "key.pem"].map((file) => join(folder.path, file));
  const { exitCode } = Bun.spawnSync([
    ...[
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
    ],
    ...["-days", "2", "-subj", "/CN=bal.test", "-out", files[0]!, "-keyout", files[1]!],
  ]);
  expect(exitCode).toBe(0);
  const [cert = "", key = ""] = files.map((file) => readFileSync(file, "utf8"));
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: { cert, key },
    fetch: () => new Response("secret"),
  });
  const { port, config } = routed([{ sni: ["*.b.test"], pool: "a" }], {
    a: { port: server.port } as Peer,
  });
  using bal = await spawnBal({ config: { ...config, workers: 2 } });
  const client = connectTls({
    port,
    host: "127.0.0.1",
    servername: "www.b.test",
    ALPNProtocols: ["http/1.1"],
    rejectUnauthorized: false,
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  client.once("secureConnect", resolve);
  await promise;
  expect(client.getPeerCertificate().subject.CN).toBe("bal.test");
  const sessions = await sessionsOf(bal);
  expect(sessions).toMatchObject([{ sni: "www.b.test", pool: "a", phase: "relaying" }]);
  client.destroy();
});

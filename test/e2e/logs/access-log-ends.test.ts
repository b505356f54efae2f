// The access log of clients that no backend got: dials that failed, queues, refusals.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { formatHeader } from "../../../src/policy/proxy-protocol/format.ts";
import { hello, hostName, serverName } from "../../policy/tls/hello.ts";
import {
  accessLines,
  logged,
  type More,
  type Place,
  untilLines,
} from "../../support/access-lines.ts";
import { spawnBal } from "../../support/bal.ts";
import { blackhole } from "../../support/blackhole.ts";
import { echoPeer, holdingPeer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { connect, exchange, type Wire } from "../../support/wire.ts";

setDefaultTimeout(60_000);

/** Reads a byte and holds; so a client can be seen to be served. */
async function held(port: number): Promise<Wire> {
  const client = await connect(port);
  void client.send("?");
  await client.read(4);
  return client;
}

const notDialled = { attempts: 0, backend: null, dial_ms: null, first_byte_ms: null };

describe("a dial", () => {
  test("that moved on tells how many there were, and which one had it", async () => {
    using backend = echoPeer();
    const dead = freePort();
    const { config, port } = logged([{ port: dead }, backend], { pool: { method: "first" } });
    using bal = await spawnBal({ config });
    await exchange(port, "hello");
    const [line] = await untilLines(bal, 1);
    expect(line).toMatchObject({ backend: `127.0.0.1:${backend.port}`, attempts: 2, end: "--" });
  });

  test("that failed tells which one was tried last", async () => {
    const [one, two] = [freePort(), freePort()];
    const both = [{ port: one }, { port: two }];
    const { config, port } = logged(both, { pool: { method: "first" } });
    using bal = await spawnBal({ config });
    using client = await connect(port);
    await client.closed;
    const [line] = await untilLines(bal, 1);
    const names = [one, two].map((port) => `127.0.0.1:${port}`);
    expect(names).toContain(String(line!.backend));
    expect(line).toMatchObject({ attempts: 2, dial_ms: null, end: "BD", reason: "dial_failed" });
  });

  test("that nobody answers, or whose client does not wait for it", async () => {
    using nowhere = blackhole();
    const { config, port } = logged([nowhere], { timeouts: { connect: "600ms" } });
    using bal = await spawnBal({ config });
    using patient = await connect(port);
    await patient.closed;
    await untilLines(bal, 1);
    // Longer than it takes to see that it dials, on however busy a machine.
    const timeouts = { connect: "60s", connect_total: "60s" };
    await bal.reload(logged([nowhere], { port, timeouts }).config);
    const hasty = await connect(port);
    await until("it dials", async () => {
      const { stdout } = await bal.run("sessions", "--json");
      return JSON.parse(stdout).sessions.length === 1;
    });
    hasty.reset();
    const backend = `127.0.0.1:${nowhere.port}`;
    expect(await untilLines(bal, 2)).toMatchObject([
      { end: "TD", reason: "dial_timeout", backend, attempts: 1, dial_ms: null },
      { end: "CD", reason: "client_gone", backend, attempts: 1, dial_ms: null },
    ]);
  });

  test("that could not begin: no backend, a full one, a queue that was too long a wait", async () => {
    using backend = holdingPeer("held");
    const { config, port } = logged([backend], { own: { weight: 0 } });
    using bal = await spawnBal({ config });
    const turnedAway = async () => {
      using client = await connect(port);
      await client.closed;
    };
    await turnedAway();
    await untilLines(bal, 1);
    await bal.reload(logged([backend], { port, own: { max_connections: 1 } }).config);
    using _ = await held(port);
    await turnedAway();
    await untilLines(bal, 2);
    const own = { max_connections: 1, queue: { size: 9, timeout: "300ms" } };
    await bal.reload(logged([backend], { port, own }).config);
    await turnedAway();
    const lines = await untilLines(bal, 3);
    expect(lines).toMatchObject([
      { ...notDialled, end: "PD", reason: "no_backend", pool: "web", queue_ms: 0 },
      { ...notDialled, end: "PQ", reason: "queue_full", pool: "web", queue_ms: 0 },
      { ...notDialled, end: "TQ", reason: "queue_timeout", pool: "web" },
    ]);
    expect(lines[2]!.queue_ms).toBeWithin(290, 600);
  });

  test("that waited for its turn tells how long, beside how long it dialled", async () => {
    using backend = holdingPeer("held");
    const queue = { size: 9, timeout: "10s" };
    const { config, port } = logged([backend], { own: { max_connections: 1, queue } });
    using bal = await spawnBal({ config });
    const first = await held(port);
    const second = held(port);
    await until("it waits", async () => {
      const { stdout } = await bal.run("sessions", "--json");
      return stdout.includes('"queued"');
    });
    await Bun.sleep(300); // So that there is something to tell.
    first.finish();
    (await second).finish();
    const lines = await untilLines(bal, 2);
    expect(lines).toMatchObject([
      { end: "--", queue_ms: 0 },
      { end: "--", attempts: 1 },
    ]);
    expect(lines[1]!.queue_ms).toBeWithin(300, 3000);
    expect(lines[1]!.dial_ms).toBeWithin(0, 200);
  });
});

describe("a client that was turned away", () => {
  const refused = { ...notDialled, attempts: null, queue_ms: null, duration_ms: 0 };

  test.each([
    ["denied", { deny: ["127.0.0.0/8"] }, {}],
    ["limit_client", { limits: { per_client: 1 } }, {}],
    ["limit_listener", { limits: { max_connections: 1 } }, {}],
    ["limit_global", {}, { limits: { max_connections: 1 } }],
    ["rate_client", { limits: { rate_per_client: "1/s" } }, {}],
  ])("%s", async (reason, listener, extra) => {
    using backend = holdingPeer("held");
    const { config, port } = logged([backend], { listener, ...extra });
    using bal = await spawnBal({ config });
    using first = reason === "denied" ? null : await held(port);
    using client = await connect(port);
    await client.closed;
    expect(await untilLines(bal, 1)).toEqual([
      expect.objectContaining({ ...refused, listener: "edge", pool: "web", end: "PA", reason }),
    ]);
    expect(accessLines(bal)[0]!.client).toMatch(/^127\.0\.0\.1:\d+$/);
    first?.reset();
  });
});

describe("what was read before", () => {
  const name = Uint8Array.from(hello({ extensions: serverName(hostName("shop.example")) }));
  const announced = formatHeader("v2", {
    source: { ip: "203.0.113.9", port: 50_123 },
    destination: { ip: "198.51.100.1", port: 443 },
  });

  async function through(bal: { port: number }, ...pieces: readonly Uint8Array[]): Promise<void> {
    using wire = await connect(bal.port);
    for (const piece of pieces) await wire.send(piece);
    wire.finish();
    await wire.closed;
  }

  function routed(backend: Place, extra: More = {}) {
    const routes = [{ sni: ["shop.example"], pool: "web" }];
    const listener = { pool: undefined, routes, proxy_protocol: { trusted: ["127.0.0.1"] } };
    return logged([backend], { listener, ...extra });
  }

  test("is in the line: the client that was announced, and the name that it asked for", async () => {
    using backend = echoPeer();
    const { config, port } = routed(backend);
    using bal = await spawnBal({ config });
    await through({ port }, announced, name);
    expect(await untilLines(bal, 1)).toMatchObject([
      {
        client: "203.0.113.9:50123",
        sni: "shop.example",
        pool: "web",
        end: "--",
        bytes_up: name.length,
        bytes_down: name.length,
      },
    ]);
  });

  test("and when it is none of it: no pool, and why", async () => {
    using backend = echoPeer();
    const { config, port } = routed(backend, { timeouts: { preread: "500ms" } });
    using bal = await spawnBal({ config });
    const other = Uint8Array.from(hello({ extensions: serverName(hostName("a.example")) }));
    await through({ port }, announced, other);
    await untilLines(bal, 1);
    await through({ port }, announced, Buffer.from("GET / HTTP/1.1\r\n\r\n"));
    await untilLines(bal, 2);
    await through({ port }, Buffer.from("hello"));
    await untilLines(bal, 3);
    using silent = await connect(port);
    await silent.closed;
    const none = { ...notDialled, pool: null };
    expect(await untilLines(bal, 4)).toMatchObject([
      { ...none, client: "203.0.113.9:50123", sni: "a.example", end: "PP", reason: "no_route" },
      { ...none, client: "203.0.113.9:50123", sni: null, end: "PP", reason: "bad_client_hello" },
      { ...none, sni: null, end: "PP", reason: "bad_proxy_header" },
      { ...none, sni: null, end: "TP", reason: "preread_timeout" },
    ]);
  });
});

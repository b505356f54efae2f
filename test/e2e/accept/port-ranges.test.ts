// Listeners on a range of ports, and backends that are passed the port that a client came to.
import { expect, setDefaultTimeout, test } from "bun:test";
import { Load, summary } from "../../soak/load.ts";
import { type Bal, type ConfigObject, fullConfig, spawnBal } from "../../support/bal.ts";
import { echoPeer, holdingPeer, namedPeer, type Peer, peer } from "../../support/peer.ts";
import { freePorts } from "../../support/ports.ts";
import { ownName } from "../../support/processes.ts";
import { until } from "../../support/until.ts";
import { connect, exchange } from "../../support/wire.ts";

setDefaultTimeout(120_000);

type Range = { readonly from: number; readonly to: number };

/** Listener `edge` on a range of 127.0.0.1. */
const onRange = (
  { from, to }: Range,
  backends: readonly ConfigObject[],
  extra: { readonly pool?: ConfigObject; readonly [key: string]: unknown } = {},
): ConfigObject => {
  const { pool = {}, ...rest } = extra;
  const listener = { port: `${from}-${to}` };
  return fullConfig({ backends, pool, listener }, { watch: false, ...rest }).config;
};

/** Answers at one port of another address of loopback. */
const elsewhere = (port: number, host = "127.0.0.2") =>
  namedPeer(`${host}:${port}`, { host, port });

const refusal = (port: number) =>
  exchange(port, "?").then(
    () => "served",
    (error) => error.code as string,
  );

test("every port is served, in one row", async () => {
  const range = freePorts(5);
  using one = namedPeer("one");
  using bal = await spawnBal({
    config: onRange(range, [{ host: "127.0.0.1", port: one.port }], { workers: 2 }),
  });
  for (let port = range.from; port <= range.to; port++) {
    expect((await exchange(port, "?")).text).toBe("one");
  }
  await bal.untilIdle();
  const address = `127.0.0.1:${range.from}-${range.to}`;
  expect((await bal.status()).listeners).toMatchObject([
    { name: "edge", address, pool: "web", active: 0, accepted: 5, refused: 0 },
  ]);
  const { stdout } = await bal.run("doctor", "-c", bal.file);
  expect(stdout).toContain(`used by the running bal: ${address}`);
});

test("a backend without a port is dialled at its client's, and called by its host", async () => {
  const range = freePorts(3);
  const { from, to } = range;
  using first = elsewhere(from);
  using last = elsewhere(to);
  using held = holdingPeer("held", { host: "127.0.0.2", port: from + 1 });
  const pool = { health_check: { port: from, interval: "60s" } };
  using bal = await spawnBal({ config: onRange(range, [{ host: "127.0.0.2" }], { pool }) });
  expect((await exchange(from, "?")).text).toBe(`127.0.0.2:${first.port}`);
  expect((await exchange(to, "?")).text).toBe(`127.0.0.2:${last.port}`);
  using client = await connect(held.port);
  await client.send("?");
  await client.read(4);
  const name = "127.0.0.2";
  await until("it is up", async () => {
    const [backend] = (await bal.status()).pools[0]!.backends;
    expect(backend).toMatchObject({ name, total: 3, active: 1 });
    return backend?.state === "up";
  });
  const sessions = await (await bal.get("/v1/sessions"))?.json();
  expect(sessions).toMatchObject({ sessions: [{ pool: "web", backend: name }] });
  const metrics = await (await bal.get("/metrics"))?.text();
  expect(metrics).toContain(`bal_backend_connections_total{pool="web",backend="${name}"} 3`);
  expect((await bal.run("drain", name)).code).toBe(0);
  const { stdout } = await bal.run("doctor", "-c", bal.file);
  expect(stdout).toContain("1 backend passes the health check");
});

test("a simple listener's one port is passed on as well, by name and over IPv6 too", async () => {
  const { from: port } = freePorts(1);
  using one = namedPeer("six", { host: "::1", port });
  const health_check = { type: "off" };
  const config = { port, bind_address: "127.0.0.1", health_check, backends: [{ host: "::1" }] };
  using bal = await spawnBal({ config });
  expect((await exchange(port, "?")).text).toBe(one.port === port ? "six" : "");
  expect((await bal.status()).pools[0]?.backends[0]?.name).toBe("::1");
});

test("a refusal at one port moves its client on, and speaks against no other port", async () => {
  const range = freePorts(2);
  using other = elsewhere(range.from, "127.0.0.3");
  using good = elsewhere(range.to, "127.0.0.2");
  const backends = [{ host: "127.0.0.2" }, { host: "127.0.0.3" }];
  const pool = { method: "first", health_check: { type: "off" } };
  using bal = await spawnBal({ config: onRange(range, backends, { pool }) });
  // Three in a row would eject a backend with a port of its own.
  for (let i = 0; i < 6; i++) {
    expect((await exchange(range.from, "?")).text).toBe(`127.0.0.3:${other.port}`);
  }
  expect((await exchange(range.to, "?")).text).toBe(`127.0.0.2:${good.port}`);
  const [first, second] = (await bal.status()).pools[0]!.backends;
  expect(first).toMatchObject({ state: "up", dial_errors: 6, total: 1 });
  expect(second).toMatchObject({ state: "up", dial_errors: 0, total: 6 });
});

test("where the client is announced, so is its port, as HAProxy has it", async () => {
  const { from: port, to } = freePorts(2);
  using own = elsewhere(port);
  using announced = elsewhere(to);
  const listener = { port, proxy_protocol: { trusted: ["127.0.0.1"] } };
  const pool = { health_check: { type: "off" } };
  const { config } = fullConfig({ backends: [{ host: "127.0.0.2" }], pool, listener });
  using _ = await spawnBal({ config });
  const header = `PROXY TCP4 10.0.0.1 10.0.0.2 4711 ${to}\r\n`;
  expect((await exchange(port, `${header}?`)).text).toBe(`127.0.0.2:${announced.port}`);
  expect((await exchange(port, "PROXY UNKNOWN\r\n?")).text).toBe(`127.0.0.2:${own.port}`);
});

/** Answers the first byte with as much as a load waits for. */
const loadPeer = (port: number, host = "127.0.0.2"): Peer =>
  peer(
    async (wire) => {
      await wire.read(1);
      void wire.send("x".repeat(1024));
      wire.finish();
    },
    { host, port },
  );

/** Short connections to one port after the other. */
function loadOn({ from, to }: Range): Load {
  let next = 0;
  const port = () => from + (next++ % (to - from + 1));
  return new Load({ port, total: Number.POSITIVE_INFINITY, atOnce: 8 });
}

const inRange = ({ from, to }: Range) =>
  Array.from({ length: to - from + 1 }, (_, nth) => from + nth);

function disposeAll(peers: readonly Peer[]): void {
  for (const each of peers) each[Symbol.dispose]();
}

test("a range grows and shrinks under load: ports that stay refuse nobody, sessions of others live on", async () => {
  const whole = freePorts(8);
  const { from, to } = whole;
  const stay = { from: from + 2, to: to - 2 };
  const peers = inRange(stay).map((port) => loadPeer(port));
  using echo = echoPeer({ host: "127.0.0.2", port: to });
  const pool = { health_check: { type: "off" } };
  const config = (range: Range) => onRange(range, [{ host: "127.0.0.2" }], { pool, workers: 2 });
  using bal = await spawnBal({ config: config(whole) });
  using client = await connect(echo.port);
  void client.send("before ");
  await client.read(7);
  const load = loadOn(stay);
  for (const range of [stay, whole, { ...stay, to }, stay]) {
    const { done } = load;
    await bal.reload(config(range));
    await until("clients come in", () => load.done > done + 100);
  }
  await load.stop();
  disposeAll(peers);
  expect(summary(load.failures)).toBe("none");
  expect(await refusal(to)).toBe("ECONNREFUSED");
  void client.send("after");
  client.finish();
  expect(await client.readToEnd()).toEqual({ ending: "eof", text: "before after" });
});

test("a range of which another process has a port is refused, and nothing changes", async () => {
  const { from, to } = freePorts(4);
  using taken = namedPeer("taken", { port: to });
  using one = namedPeer("one");
  const config = (range: Range) => onRange(range, [{ host: "127.0.0.1", port: one.port }]);
  using bal = await spawnBal({ config: config({ from, to: to - 1 }) });
  bal.write(config({ from, to }));
  const { code, stdout } = await bal.run("graceful", "--json");
  expect([code, JSON.parse(stdout).error.message]).toEqual([
    ...[1, expect.stringContaining(`127.0.0.1:${taken.port} is already in use`)],
  ]);
  const doctor = await bal.run("doctor", "-c", bal.file);
  expect(doctor.stdout).toContain(`127.0.0.1:${to} is in use by ${ownName()} (pid ${process.pid})`);
  expect((await exchange(from, "?")).text).toBe("one");
  expect((await bal.status()).listeners[0]?.address).toBe(`127.0.0.1:${from}-${to - 1}`);
});

test("an upgrade hands every port on, also to another number of workers and another range", async () => {
  const whole = freePorts(6);
  const stay = { from: whole.from, to: whole.to - 2 };
  const peers = inRange(whole).map((port) => loadPeer(port));
  const pool = { health_check: { type: "off" } };
  const config = (range: Range, workers: number) =>
    onRange(range, [{ host: "127.0.0.2" }], { pool, workers });
  using bal = await spawnBal({ config: config(stay, 2) });
  const load = loadOn(stay);
  const steps: readonly (readonly [Range, number])[] = [
    [stay, 3],
    [whole, 1],
    [stay, 2],
  ];
  for (const [range, workers] of steps) {
    const { done } = load;
    bal.write(config(range, workers));
    await bal.upgrade();
    await until("the new one is under load", () => load.done > done + 200);
  }
  await load.stop();
  disposeAll(peers);
  expect(summary(load.failures)).toBe("none");
  expect(await refusal(whole.to)).toBe("ECONNREFUSED");
  expect(unusedIn(bal)).toEqual([`127.0.0.1:${whole.to - 1} and 1 others`]);
});

/** What was handed over and that no listener wanted. */
function unusedIn(bal: Bal): readonly string[] {
  return bal
    .logs()
    .filter(({ event }) => event === "socket-unused")
    .map(({ message }) => message.replace(/^.* has the address /, ""));
}

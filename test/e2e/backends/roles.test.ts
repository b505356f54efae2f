// Checks that tell who leads: what becomes of clients while nobody does, and of sessions that are with
// the wrong backend.
import { expect, setDefaultTimeout, test } from "bun:test";
import { at, fullConfig, spawnBal } from "../../support/bal.ts";
import { EventReader } from "../../support/event-reader.ts";
import { holdingPeer, namedPeer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { askOnce, roleCheck, roleNodes } from "../../support/role-nodes.ts";
import { until } from "../../support/until.ts";
import { exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

test.each([
  ["http", { path: "/primary" }],
  ["exchange", { send: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", expect: "HTTP/1.1 200" }],
])("%s: while nobody leads clients are refused; then the leader has them", async (type, asks) => {
  using group = roleNodes(["a", "b"]);
  const pool = { health_check: { ...group.check, type, ...asks } };
  const { config, port } = fullConfig({ backends: group.backends, pool });
  using bal = await spawnBal({ config });
  await until("all are down", async () =>
    (await bal.status()).pools[0]?.backends.every(({ state }) => state === "down"),
  );
  for (let nth = 0; nth < 6; nth++) expect((await exchange(port, "?")).text).toBe("");
  expect((await bal.status()).pools[0]?.failing_open).toBe(false);
  group.leaders.add("b");
  const first = await until("somebody serves", async () => (await askOnce(port)).name || undefined);
  expect(first).toBe("b");
});

test("wait: clients that come while nobody leads are served by the new leader", async () => {
  using group = roleNodes(["a", "b"]);
  const pool = { health_check: group.check, wait: "20s" };
  const { config, port } = fullConfig({ backends: group.backends, pool }, { workers: 2 });
  group.leaders.add("a");
  using bal = await spawnBal({ config });
  await until("a serves", async () => (await askOnce(port)).name === "a");
  group.leaders.clear();
  await until("nobody leads", async () =>
    (await bal.status()).pools[0]?.backends.every(({ state }) => state === "down"),
  );
  const clients = Promise.all(Array.from({ length: 8 }, () => askOnce(port)));
  await until("they wait", async () => {
    const { stdout } = await bal.run("sessions", "--json");
    return stdout.split('"queued"').length === 9;
  });
  // Those of both workers are counted.
  expect((await bal.status()).pools[0]?.queue).toEqual({ length: 8, size: 0 });
  expect((await bal.run("status")).stdout).toContain("8 clients waiting");
  expect(await (await bal.get("/metrics"))?.text()).toContain('bal_pool_queue{pool="web"} 8');
  group.leaders.add("b");
  expect((await clients).map(({ name }) => name)).toEqual(Array.from({ length: 8 }, () => "b"));
  expect((await bal.status()).pools[0]?.queue.length).toBe(0);
});

test("the leader restarts: clients wait for its check, and nobody else is asked to stand in", async () => {
  using group = roleNodes(["a", "b"]);
  const { config, port } = fullConfig(
    { backends: group.backends, pool: { health_check: group.check } },
    { timeouts: { connect_total: "30s" } },
  );
  group.leaders.add("a");
  using bal = await spawnBal({ config });
  await until("a serves", async () => (await askOnce(port)).name === "a");
  const [leader, replica] = group.all;
  await leader!.api.stop(true);
  await until("a is down", async () =>
    (await bal.status()).pools[0]?.backends.every(({ state }) => state === "down"),
  );
  const clients = Promise.all(Array.from({ length: 4 }, () => askOnce(port)));
  await until("they wait", async () => {
    const { stdout } = await bal.run("sessions", "--json");
    return stdout.split('"queued"').length === 5;
  });
  leader!.start();
  expect((await clients).map(({ name }) => name)).toEqual(["a", "a", "a", "a"]);
  expect(replica!.peer.served).toBe(0);
});

test("wait is over after its time: then the client is refused", async () => {
  using group = roleNodes(["a"]);
  const pool = { health_check: group.check, wait: "300ms" };
  const { config, port } = fullConfig({ backends: group.backends, pool });
  using bal = await spawnBal({ config });
  await until(
    "a is down",
    async () => (await bal.status()).pools[0]?.backends[0]?.state === "down",
  );
  const begun = performance.now();
  expect((await exchange(port, "?")).ending).toBe("reset");
  expect(performance.now() - begun).toBeGreaterThan(290);
  const metrics = await (await bal.get("/metrics"))?.text();
  expect(metrics).toContain('bal_listener_refused_total{listener="edge",reason="no_backend"} 1');
});

test.each([
  ["leads", "a"],
  ["does not lead", ""],
])("a client that comes before the first answer waits for it: %s", async (_, name) => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  using backend = holdingPeer("a");
  using api = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0 },
    fetch: async () => {
      asked.resolve();
      await answer.promise;
      return new Response("", { status: name === "" ? 503 : 200 });
    },
  });
  const pool = { health_check: { ...roleCheck, timeout: "5s", port: api.port } };
  const { config, port } = fullConfig({ backends: [at(backend)], pool });
  using bal = await spawnBal({ config });
  await asked.promise;
  const client = askOnce(port);
  await until("it waits", async () =>
    (await bal.run("sessions", "--json")).stdout.includes('"queued"'),
  );
  expect(backend.served).toBe(0);
  answer.resolve();
  expect((await client).name).toBe(name);
});

test("failing open is logged, an event, a metric and in the status, and so is its end", async () => {
  using group = roleNodes(["a", "b"]);
  const { config, port } = fullConfig({
    backends: group.backends,
    pool: { health_check: group.check, fail_open: true },
  });
  group.leaders.add("a");
  using bal = await spawnBal({ config });
  using reader = await EventReader.open(bal.home);
  await until("a is up", async () => (await askOnce(port)).name === "a");
  const failing = async () => (await bal.status()).pools[0]?.failing_open;
  const metric = async () =>
    (await (await bal.get("/metrics"))?.text())?.includes('bal_pool_fail_open{pool="web"} 1');
  group.leaders.clear();
  await until("it fails open", failing);
  expect((await askOnce(port)).name).toBeOneOf(["a", "b"]);
  expect(await metric()).toBe(true);
  group.leaders.add("b");
  await until("it does no more", async () => (await failing()) === false);
  expect(await metric()).toBe(false);
  const changes = () => reader.events.filter(({ kind }) => kind === "fail-open");
  await until("both changes are events", () => changes().length === 2);
  expect(changes().map(({ pool, from, to }) => [pool, from, to])).toEqual([
    ["web", false, true],
    ["web", true, false],
  ]);
  expect(
    bal.logs().filter(({ event }) => event === "fail-open" || event === "pool-up"),
  ).toHaveLength(2);
});

test("on_down: close ends what was opened while failing open, once another backend is up", async () => {
  using group = roleNodes(["a", "b"]);
  const { config, port } = fullConfig({
    backends: group.backends,
    pool: { health_check: group.check, fail_open: true, on_down: "close" },
  });
  using bal = await spawnBal({ config });
  await until("it fails open", async () => (await bal.status()).pools[0]?.failing_open);
  const clients = await Promise.all(Array.from({ length: 4 }, () => askOnce(port)));
  const ofA = clients.filter(({ name }) => name === "a");
  expect(ofA).toHaveLength(2);
  group.leaders.add("b");
  for (const { wire } of ofA) expect(await wire.ended).toBe("reset");
  for (const { wire } of clients)
    if (!ofA.some((one) => one.wire === wire)) expect(wire.isClosed).toBe(false);
});

test.each([
  ["keep", false],
  ["close_backups", true],
])("on_up: %s: sessions on a backup end once a primary is up: %p", async (on_up, isEnded) => {
  using group = roleNodes(["a", "b"]);
  const [a, b] = group.backends;
  const { config, port } = fullConfig({
    backends: [a!, { ...b!, backup: true }],
    pool: { health_check: group.check, on_up },
  });
  group.leaders.add("b");
  using _bal = await spawnBal({ config });
  const { wire } = await until("the backup serves", async () => {
    const asked = await askOnce(port);
    return asked.name === "b" ? asked : undefined;
  });
  group.leaders.add("a");
  await until("the primary serves", async () => (await askOnce(port)).name === "a");
  if (isEnded) return void expect(await wire.ended).toBe("reset");
  await wire.send("x");
  expect(wire.isClosed).toBe(false);
});

test("a backend whose check on another port passes and whose dials fail stays ejected, longer each time", async () => {
  using other = namedPeer("other");
  using api = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("ok") });
  const { config, port } = fullConfig({
    backends: [{ host: "127.0.0.1", port: freePort(), name: "sick" }, at(other, { name: "well" })],
    pool: { health_check: { ...roleCheck, port: api.port } },
  });
  using bal = await spawnBal({ config });
  await until("both are up", async () =>
    (await bal.status()).pools[0]?.backends.every(({ state }) => state === "up"),
  );
  const ejections = () =>
    bal.logs().filter(({ event, backend }) => event === "backend-ejected" && backend === "sick");
  await until("it is ejected", async () => {
    expect((await exchange(port, "?")).text).toBe("other");
    return ejections().length === 1;
  });
  const begun = performance.now();
  await until("it is ejected again", async () => {
    await exchange(port, "?");
    return ejections().length === 2;
  });
  // A second with a fifth of jitter; with a check that ended it, it would be a few milliseconds.
  expect(performance.now() - begun).toBeGreaterThan(700);
});

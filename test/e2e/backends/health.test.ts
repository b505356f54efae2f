// Who is eligible: checks, and ejection by real traffic.
import { expect, setDefaultTimeout, test } from "bun:test";
import { at, simpleConfig, spawnBal } from "../../support/bal.ts";
import { blackhole } from "../../support/blackhole.ts";
import { echoPeer, namedPeer, peer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { connect, exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const quickChecks = { interval: "500ms", fast_interval: "100ms", timeout: "300ms" };

test("a backend goes down after its checks fail and comes back when they pass", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  using bal = await spawnBal({
    config: simpleConfig([a, b], { health_check: { ...quickChecks, rise: 2, fall: 3 } }),
  });
  await bal.untilState(a.port, "up");
  a.kill();
  await bal.untilState(a.port, "down");
  const row = (await bal.status()).pools[0]!.backends[0]!;
  expect(row.reason).toBeString();
  expect(Date.parse(row.since)).toBeGreaterThan(Date.now() - 60_000);
  for (let i = 0; i < 6; i++) expect((await exchange(bal.port, "?")).text).toBe("b");
  a.start();
  await bal.untilState(a.port, "up");
  const names = [await exchange(bal.port, "?"), await exchange(bal.port, "?")];
  expect(names.map(({ text }) => text).toSorted()).toEqual(["a", "b"]);
});

test("a check that hangs is a check that failed", async () => {
  using hole = blackhole();
  using a = namedPeer("a");
  using bal = await spawnBal({
    config: simpleConfig([hole, a], { health_check: { ...quickChecks, rise: 1, fall: 2 } }),
  });
  await bal.untilState(hole.port, "down");
  expect((await exchange(bal.port, "?")).text).toBe("a");
});

test("a check ends with a FIN, not with a reset", async () => {
  const endings: string[] = [];
  using backend = peer((wire) => {
    void wire.ended.then((ending) => {
      endings.push(ending);
      wire.finish();
    });
  });
  using bal = await spawnBal({ config: simpleConfig([backend], { health_check: quickChecks }) });
  await until("three checks were seen", () => endings.length >= 3);
  expect([...new Set(endings)]).toEqual(["eof"]);
  expect(bal.pid).toBeGreaterThan(0);
});

test("the first check comes at once", async () => {
  using backend = namedPeer("a");
  using bal = await spawnBal({
    config: simpleConfig([backend], { health_check: { interval: "60s", rise: 1 } }),
  });
  await bal.untilState(backend.port, "up");
  expect(backend.connections).toBeGreaterThan(0);
});

test("a backend whose dials fail three times in a row is ejected before any check says so", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  using bal = await spawnBal({
    config: simpleConfig([a, b], {
      workers: 2,
      health_check: { interval: "60s", fast_interval: "60s", rise: 1, fall: 10 },
    }),
  });
  await bal.untilState(a.port, "up");
  a.kill();
  const seen = new Set<string>();
  await until("a is ejected", async () => {
    expect(await exchange(bal.port, "?")).toEqual({ ending: "eof", text: "b" });
    for (const { name, state } of (await bal.status()).pools[0]!.backends) {
      if (name.endsWith(`:${a.port}`)) seen.add(state);
    }
    return seen.has("ejected");
  });
  a.start();
  await until("a serves again", async () => (await exchange(bal.port, "?")).text === "a");
});

test("a change of health is one log line, not one a check", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  using bal = await spawnBal({
    config: simpleConfig([a, b], { health_check: { ...quickChecks, rise: 1, fall: 2 } }),
  });
  await bal.untilState(a.port, "up");
  a.kill();
  await bal.untilState(a.port, "down");
  const about = () =>
    bal.logs().filter(({ message }) => message.includes(`:${a.port}`) && /down/.test(message));
  await until("it is logged", () => about().length > 0);
  await Bun.sleep(1500); // Time for several more failed checks.
  expect(about().length).toBe(1);
});

test("an http check on another port moves clients with the leader, and on_down ends their sessions", async () => {
  let leader = "a";
  const api = (name: string) =>
    Bun.serve({
      port: 0,
      fetch: () => new Response(name, { status: leader === name ? 200 : 503 }),
    });
  using a = echoPeer();
  using b = echoPeer();
  using apiOfA = api("a");
  using apiOfB = api("b");
  const pool = (checkPort: number, backend: { readonly port: number }) => ({
    on_down: "close",
    health_check: { ...quickChecks, type: "http", path: "/primary", port: checkPort, fall: 1 },
    backends: [at(backend)],
  });
  const [portA, portB] = [await freePort(), await freePort()];
  const config = {
    health_check: { rise: 1 },
    listeners: [
      { name: "la", bind_address: "127.0.0.1", port: portA, pool: "a" },
      { name: "lb", bind_address: "127.0.0.1", port: portB, pool: "b" },
    ],
    pools: { a: pool(apiOfA.port!, a), b: pool(apiOfB.port!, b) },
  };
  using bal = await spawnBal({ config: JSON.stringify(config) });
  await bal.untilState(a.port, "up");
  await bal.untilState(b.port, "down");
  const reasonOf = async (index: number) => (await bal.status()).pools[index]?.backends[0]?.reason;
  expect(await reasonOf(1)).toBe("check failed: HTTP 503");
  const client = await connect(portA);
  await client.send("x");
  expect(await client.read(1)).toBe("x");
  leader = "b";
  expect(await client.ended).toBe("reset");
  await bal.untilState(b.port, "up");
  expect(await reasonOf(0)).toBe("check failed: HTTP 503");
});

test("health_check off: a backend is up, whatever it would answer", async () => {
  using hole = blackhole();
  using bal = await spawnBal({ config: simpleConfig([hole], { health_check: { type: "off" } }) });
  await bal.untilState(hole.port, "up");
});

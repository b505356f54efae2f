// The settings of a pool beyond its backends: methods, bounds, backups, drains.
import { expect, setDefaultTimeout, test } from "bun:test";
import type { SessionStatus } from "../../../src/api/admin-api.ts";
import { at, fullConfig, spawnBal } from "../../support/bal.ts";
import { echoPeer, holdingPeer, namedPeer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { connect, exchange, exchangeFrom } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const addresses = Array.from({ length: 40 }, (_, i) => `127.0.1.${i + 1}`);

test("source_hash keeps a client where it is, over restarts and reloads that take others away", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  using c = namedPeer("c");
  const pool = { method: "source_hash" };
  const three = fullConfig({ backends: [a, b, c].map((peer) => at(peer)), pool });
  const choices = async () =>
    await Promise.all(addresses.map(async (from) => (await exchangeFrom(from, three.port)).text));
  const before = await (async () => {
    using first = await spawnBal({ config: three.config });
    const seen = await choices();
    expect(await first.stop()).toBe(0);
    return seen;
  })();
  expect(new Set(before)).toEqual(new Set(["a", "b", "c"]));
  using second = await spawnBal({ config: three.config });
  expect(await choices()).toEqual(before);
  const two = fullConfig({ backends: [a, c].map((peer) => at(peer)), pool }, { port: three.port });
  await second.reload(two.config);
  const after = await choices();
  for (const [i, name] of before.entries()) if (name !== "b") expect(after[i]).toBe(name);
  expect(after).not.toContain("b");
});

test.each(["random", "least_time", "first", "source_hash"])("%s serves", async (method) => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  const { config, port } = fullConfig({ backends: [at(a), at(b)], pool: { method } });
  using bal = await spawnBal({ config });
  for (let i = 0; i < 10; i++) {
    expect((await exchange(port, "?")).text).toBeOneOf(["a", "b"]);
  }
  expect((await bal.status()).pools[0]?.method).toBe(method as never);
});

test("first fills a backend up to max_connections, and refuses when all are full", async () => {
  using a = echoPeer();
  using b = echoPeer();
  const backends = [at(a, { max_connections: 2 }), at(b, { max_connections: 1 })];
  const { config, port } = fullConfig({ backends, pool: { method: "first" } }, { workers: 2 });
  using bal = await spawnBal({ config });
  const clients = [];
  for (let i = 0; i < 3; i++) {
    const wire = await connect(port);
    await wire.send("x");
    await wire.read(1);
    clients.push(wire);
  }
  const active = async () => (await bal.status()).pools[0]?.backends.map((row) => row.active);
  expect(await active()).toEqual([2, 1]);
  expect(await exchange(port, "?")).toEqual({ ending: "reset", text: "" });
  expect((await bal.status()).listeners[0]?.refused).toBe(1);
  clients[0]?.finish();
  await clients[0]?.ended;
  await until("there is room", async () => (await active())?.[0] === 1);
  using next = await connect(port);
  await next.send("y");
  expect(await next.read(1)).toBe("y");
  for (const wire of clients) wire.reset();
});

test("first takes another order from a reload", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  const pool = { method: "first" };
  const { config, port } = fullConfig({ backends: [at(a), at(b)], pool });
  using bal = await spawnBal({ config });
  expect((await exchange(port, "?")).text).toBe("a");
  await bal.reload(fullConfig({ backends: [at(b), at(a)], pool }, { port }).config);
  expect((await exchange(port, "?")).text).toBe("b");
});

test("a backup serves when every primary is gone, and only then", async () => {
  using primary = namedPeer("primary");
  using backup = namedPeer("backup");
  const backends = [at(backup, { backup: true }), at(primary)];
  const health_check = { interval: "500ms", fast_interval: "100ms", rise: 1, fall: 1 };
  const { config, port } = fullConfig({ backends, pool: { health_check } });
  using bal = await spawnBal({ config });
  for (let i = 0; i < 5; i++) expect((await exchange(port, "?")).text).toBe("primary");
  primary.kill();
  // From the very first client on: the dial that failed goes on to the backup.
  for (let i = 0; i < 5; i++) expect((await exchange(port, "?")).text).toBe("backup");
  primary.start();
  await bal.untilState(primary.port, "up");
  for (let i = 0; i < 5; i++) expect((await exchange(port, "?")).text).toBe("primary");
});

test("drain: true keeps sessions and takes no new ones; without it the backend is back", async () => {
  using a = echoPeer();
  using b = namedPeer("b");
  const form = (extra: object) => ({ backends: [at(a, { ...extra }), at(b)] });
  const plain = fullConfig(form({}));
  const draining = fullConfig(form({ drain: true }), { port: plain.port });
  using bal = await spawnBal({ config: plain.config });
  const wires = [await connect(plain.port), await connect(plain.port)];
  for (const wire of wires) await wire.send("x");
  const kept = await Promise.race(
    wires.map(async (wire) => {
      const text = await wire.read(1);
      return text === "x" ? wire : await new Promise<never>(() => {});
    }),
  );
  await bal.reload(draining.config);
  const [row] = (await bal.status()).pools[0]?.backends ?? [];
  expect(row).toMatchObject({ state: "draining", active: 1 });
  for (let i = 0; i < 4; i++) expect((await exchange(plain.port, "?")).text).toBe("b");
  await kept.send("y");
  expect(await kept.read(2)).toBe("xy");
  await bal.reload(plain.config);
  expect((await bal.status()).pools[0]?.backends[0]?.state).not.toBe("draining");
  for (const wire of wires) wire.reset();
});

test("on_down: close resets the sessions of a backend that goes down, copied and spliced", async () => {
  using a = echoPeer();
  const health_check = { interval: "200ms", fast_interval: "100ms", timeout: "200ms", fall: 2 };
  const pool = { health_check, on_down: "close" };
  const { config, port } = fullConfig({ backends: [at(a)], pool });
  using bal = await spawnBal({ config, env: { BAL_SPLICE_AFTER: "1000" } });
  await bal.untilState(a.port, "up");
  using small = await connect(port);
  using bulk = await connect(port);
  await small.send("x");
  await small.read(1);
  await bulk.send(new Uint8Array(2000));
  await bulk.read(2000);
  // What is open lives on, at first.
  a.refuse();
  expect(await small.ended).toBe("reset");
  expect(await bulk.ended).toBe("reset");
});

test("slow_start gives a backend that comes back its weight little by little", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  const health_check = { interval: "200ms", fast_interval: "100ms", rise: 1, fall: 1 };
  const pool = { health_check, slow_start: "1h" };
  const { config, port } = fullConfig({ backends: [at(a), at(b)], pool });
  using bal = await spawnBal({ config });
  await bal.untilState(a.port, "up");
  await bal.untilState(b.port, "up");
  const share = async () => {
    a.served = 0;
    for (let i = 0; i < 40; i++) await exchange(port, "?");
    return a.served;
  };
  // Not at the start of the process.
  expect(await share()).toBe(20);
  a.kill();
  await bal.untilState(a.port, "down", "ejected");
  await bal.untilState(a.port, "down");
  a.start();
  await bal.untilState(a.port, "up");
  expect(await share()).toBeLessThanOrEqual(1);
});

/** A pool of one place with a line, held by one client; `open` is a client that has sent its name. */
async function heldPool(queue: { size: number; timeout: string }) {
  const peer = echoPeer();
  const backends = [at(peer, { max_connections: 1, queue })];
  const { config, port } = fullConfig({ backends }, { workers: 2 });
  const bal = await spawnBal({ config });
  const open = async (name: string) => {
    const wire = await connect(port);
    await wire.send(name);
    return wire;
  };
  const holder = await open("h");
  await holder.read(1);
  const refused = async () => (await bal.status()).listeners[0]?.refused;
  const accepted = async (count: number) =>
    await until(
      "it is accepted",
      async () => (await bal.status()).listeners[0]?.accepted === count,
    );
  const end = () => {
    bal[Symbol.dispose]();
    peer[Symbol.dispose]();
  };
  return { open, holder, refused, accepted, port, [Symbol.dispose]: end };
}

test("a full pool's clients wait in line over all workers: first come, first served", async () => {
  using pool = await heldPool({ size: 6, timeout: "30s" });
  const waiting = [];
  for (let i = 0; i < 6; i++) {
    waiting.push(await pool.open(String(i)));
    await pool.accepted(i + 2);
  }
  const seventh = await connect(pool.port);
  expect(await seventh.ended).toBe("reset");
  expect(await pool.refused()).toBe(1);
  const order: string[] = [];
  const served = waiting.map(async (wire) => {
    order.push(await wire.read(1));
    wire.finish();
    await wire.ended;
  });
  pool.holder.finish();
  await Promise.all(served);
  expect(order).toEqual(["0", "1", "2", "3", "4", "5"]);
});

test("a client whose backend refuses waits in line while the others are full", async () => {
  using gone = namedPeer("gone");
  using busy = holdingPeer("busy");
  const one = { max_connections: 1, queue: { size: 5, timeout: "10s" } };
  const backends = [at(gone, one), at(busy, one)];
  const { config, port } = fullConfig({ backends, pool: { method: "first" } });
  using bal = await spawnBal({ config });
  await bal.untilState(gone.port, "up");
  gone.refuse();
  using first = await connect(port);
  await first.send("?");
  expect(await first.read(4)).toBe("busy");
  using second = await connect(port);
  await second.send("?");
  const phases = async () => await (await bal.get("/v1/sessions"))!.text();
  await until("it waits", async () => (await phases()).includes('"queued"'));
  first.finish();
  expect(await second.read(4)).toBe("busy");
});

test("who waits too long is reset, and who leaves the line makes room in it", async () => {
  using pool = await heldPool({ size: 1, timeout: "2s" });
  const gone = await pool.open("g");
  await pool.accepted(2);
  gone.reset();
  await until("there is room in the line", async () => {
    using next = await pool.open("n");
    const ending = await Promise.race([next.ended, Bun.sleep(200)]);
    // It waited, and had its time.
    return ending === undefined && (await next.ended) === "reset";
  });
  pool.holder.finish();
  using last = await pool.open("l");
  expect(await last.read(1)).toBe("l");
});

test("a client that waits in a pool's line goes to another pool's when a reload sends it there", async () => {
  using a = holdingPeer("a");
  using b = holdingPeer("b");
  const full = { max_connections: 1, queue: { size: 10, timeout: "20s" } };
  const pools = Object.fromEntries(
    [a, b].map((one, index) => [
      "ab"[index],
      { health_check: { type: "off" }, backends: [at(one, full)] },
    ]),
  );
  const listeners = [freePort(), freePort()].map((port, index) => ({
    ...{ name: `l${index}`, bind_address: "127.0.0.1", port },
    pool: "a",
  }));
  const [moved, stays] = listeners.map(({ port }) => port) as [number, number];
  using bal = await spawnBal({ config: { workers: 1, listeners, pools } });
  const ask = async (port: number) => {
    const wire = await connect(port);
    await wire.send("?");
    return wire;
  };
  const waiting = async (count: number) => {
    const { stdout } = await bal.run("sessions", "--json");
    const sessions = JSON.parse(stdout).sessions as readonly SessionStatus[];
    return sessions.filter(({ phase }) => phase === "queued").length === count;
  };
  using first = await ask(stays);
  await first.read(1);
  using second = await ask(moved);
  await until("one waits", () => waiting(1));
  using third = await ask(stays);
  await until("two wait", () => waiting(2));
  // Pool b is full too: who goes there waits there.
  const other = { ...listeners[0], name: "l2", port: freePort(), pool: "b" };
  const next = [{ ...listeners[0], pool: "b" }, listeners[1], other];
  await bal.reload({ workers: 1, listeners: [...listeners, other], pools });
  using holder = await ask(other.port);
  await holder.read(1);
  await bal.reload({ workers: 1, listeners: next, pools });
  first.finish();
  await third.read(1);
  expect([third.text(), second.bytesReceived]).toEqual(["a", 0]);
  holder.finish();
  await second.read(1);
  expect(second.text()).toBe("b");
});

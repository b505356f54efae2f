// Promise 8: at its ceiling bal refuses early and cheaply, and serves on afterwards.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { type ConfigObject, simpleConfig, spawnBal } from "../../support/bal.ts";
import { echoPeer, holdingPeer, namedPeer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { connect, exchange, type Wire } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const under256Files = ["bash", "-c", 'ulimit -n 256; exec "$0" "$@"'];

test("a limit of open files that leaves room for few is told at the start, and what to raise", async () => {
  using backend = holdingPeer("held");
  const config = simpleConfig([backend], { workers: 1 });
  const warnings = async (wrapper: readonly string[]) => {
    using bal = await spawnBal({ config, wrapper });
    return bal.logs().filter(({ event }) => event === "host");
  };
  const [warning, ...others] = await warnings(under256Files);
  expect(others).toEqual([]);
  expect(warning!.message).toMatch(/open-file limit of 256 allows only \d\d connections/);
  expect(await warnings(["bash", "-c", 'ulimit -n 1024; exec "$0" "$@"'])).toEqual([]);
});

/** Opens clients that send a byte, and sorts them by what they met. */
async function crowd(port: number, size: number) {
  const clients: Wire[] = [];
  for (let i = 0; i < size; i++) {
    const client = await connect(port);
    void client.send("?");
    clients.push(client);
  }
  return {
    clients,
    served: () => clients.filter((client) => client.bytesReceived > 0).length,
    refused: () => clients.filter((client) => client.isClosed).length,
    [Symbol.dispose]: () => {
      for (const client of clients) client.reset();
    },
  };
}

test("400 clients at 256 open files: the surplus is reset, CPU stays low, later ones are served", async () => {
  using backend = holdingPeer("held");
  using bal = await spawnBal({
    config: simpleConfig([backend], { workers: 1 }),
    wrapper: under256Files,
  });
  {
    using all = await crowd(bal.port, 400);
    await until("each is served or refused", () => all.served() + all.refused() === 400);
    expect(all.served()).toBeGreaterThan(60);
    expect(all.refused()).toBeGreaterThan(200);
    const before = bal.cpuTicks();
    await Bun.sleep(2000);
    expect(bal.cpuTicks() - before).toBeLessThan(60);
    expect(bal.openFds()).toBeLessThan(256);
    const { listeners } = await bal.status();
    expect(listeners[0]!.refused).toBe(all.refused());
  }
  await bal.untilIdle();
  using client = await connect(bal.port);
  void client.send("?");
  expect(await client.read(4)).toBe("held");
});

test("max_connections counts over all workers", async () => {
  using backend = holdingPeer("held");
  using bal = await spawnBal({
    config: simpleConfig([backend], { workers: 2, limits: { max_connections: 10 } }),
  });
  using all = await crowd(bal.port, 30);
  await until("each is served or refused", () => all.served() + all.refused() === 30);
  expect(all.served()).toBeLessThanOrEqual(10);
  expect(all.served()).toBeGreaterThanOrEqual(9);
});

const waiting: ConfigObject = { limits: { max_connections: 5, overload: "wait" } };

test("overload: wait lets surplus clients wait until there is room", async () => {
  using backend = holdingPeer("held");
  using bal = await spawnBal({ config: simpleConfig([backend], { workers: 1, ...waiting }) });
  using all = await crowd(bal.port, 20);
  await until("some are served", () => all.served() >= 4);
  await Bun.sleep(500); // Time enough for one too many to be served or refused.
  expect(all.served()).toBeLessThanOrEqual(6);
  for (let done = 0; done < 20; ) {
    const now = all.clients.filter((client) => client.bytesReceived > 0 && !client.isClosed);
    for (const client of now) client.finish();
    await Promise.all(now.map((client) => client.closed));
    done = all.clients.filter((client) => client.isClosed).length;
    await until("the next are served", () => done >= 20 || all.served() > done);
  }
  const endings = await Promise.all(all.clients.map((client) => client.readToEnd()));
  expect(endings).toEqual(Array.from({ length: 20 }, () => ({ ending: "eof", text: "held" })));
});

test("a thousand clients can wait in the accept queue", async () => {
  using backend = holdingPeer("held");
  using bal = await spawnBal({ config: simpleConfig([backend], { workers: 1, ...waiting }) });
  // Beyond the queue a connect would hang: Bun's own 511 is too short (Linux tcp(7), listen(2)).
  using all = await crowd(bal.port, 1000);
  expect(all.refused()).toBe(0);
});

test("overload: wait with two workers serves everyone in the end", async () => {
  using backend = echoPeer();
  using bal = await spawnBal({ config: simpleConfig([backend], { workers: 2, ...waiting }) });
  const all = await Promise.all(Array.from({ length: 60 }, () => exchange(bal.port, "x")));
  expect(all).toEqual(Array.from({ length: 60 }, () => ({ ending: "eof", text: "x" })));
});

describe("a client with one connection at a time is never over a limit of one", () => {
  const announced = "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n";
  test.each([
    ["of its address", { limits: { per_client: 1 } }, {}, ""],
    [
      "of the address that is announced",
      { limits: { per_client: 1 }, proxy_protocol: { trusted: ["127.0.0.0/8"] } },
      {},
      announced,
    ],
    ["of the listener", { limits: { max_connections: 1 } }, {}, ""],
    ["of the backend", {}, { max_connections: 1 }, ""],
  ])("%s", async (_, listener, backend, header) => {
    using alive = namedPeer("alive");
    const port = freePort();
    using _bal = await spawnBal({
      config: {
        workers: 1,
        health_check: { type: "off" },
        listeners: [{ name: "l", bind_address: "127.0.0.1", port, pool: "p", ...listener }],
        pools: { p: { backends: [{ host: alive.host, port: alive.port, ...backend }] } },
      },
    });
    // The backend ends each first, and the client goes on at once.
    for (let nth = 0; nth < 200; nth++) {
      expect(await exchange(port, `${header}?`)).toEqual({ ending: "eof", text: "alive" });
    }
  });
});

// Who serves the next client: exact turns over all workers, and the least loaded.
import { expect, setDefaultTimeout, test } from "bun:test";
import { at, fullConfig, simpleConfig, spawnBal } from "../../support/bal.ts";
import { holdingPeer, namedPeer, peer } from "../../support/peer.ts";
import { until } from "../../support/until.ts";
import { connect, exchange, type Wire } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const quickChecks = { interval: "1s", fast_interval: "100ms", timeout: "500ms", rise: 1, fall: 2 };

async function ask(port: number, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await exchange(port, "?");
}

test("round robin is exact over two workers", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  using c = namedPeer("c");
  using bal = await spawnBal({ config: simpleConfig([a, b, c], { workers: 2 }) });
  await ask(bal.port, 90);
  expect([a.served, b.served, c.served]).toEqual([30, 30, 30]);
});

test("round robin is exact with clients at once", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  using c = namedPeer("c");
  using bal = await spawnBal({ config: simpleConfig([a, b, c], { workers: 2 }) });
  await Promise.all(Array.from({ length: 30 }, () => ask(bal.port, 10)));
  expect([a.served, b.served, c.served]).toEqual([100, 100, 100]);
});

test("weights are exact and spread out over two workers", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  using c = namedPeer("c");
  const weighted = [
    { port: a.port, weight: 3 },
    { port: b.port, weight: 2 },
    { port: c.port, weight: 1 },
  ];
  using bal = await spawnBal({ config: simpleConfig(weighted, { workers: 2 }) });
  let longest = 0;
  let run = { name: "", length: 0 };
  for (let i = 0; i < 60; i++) {
    const { text } = await exchange(bal.port, "?");
    run = text === run.name ? { name: text, length: run.length + 1 } : { name: text, length: 1 };
    longest = Math.max(longest, run.length);
  }
  expect([a.served, b.served, c.served]).toEqual([30, 20, 10]);
  expect(longest).toBeLessThanOrEqual(2);
});

test("a dead backend's turns are shared evenly, not given to its neighbour", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  using c = namedPeer("c");
  using bal = await spawnBal({
    config: simpleConfig([a, b, c], { workers: 2, health_check: quickChecks }),
  });
  await bal.untilState(b.port, "up");
  b.kill();
  await bal.untilState(b.port, "down");
  await ask(bal.port, 60);
  expect([a.served, b.served, c.served]).toEqual([30, 0, 30]);
});

test("a backend with weight 0 takes no client", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  const weighted = [{ port: a.port, weight: 0 }, { port: b.port }];
  using bal = await spawnBal({ config: simpleConfig(weighted, { workers: 2 }) });
  await ask(bal.port, 10);
  expect([a.served, b.served]).toEqual([0, 10]);
});

/** Opens clients one after the other and waits until each is served. */
async function open(port: number, size: number, into: Wire[]): Promise<void> {
  for (let i = 0; i < size; i++) {
    const client = await connect(port);
    into.push(client);
    void client.send("?");
    await client.read(1);
  }
}

test("least connections fills up the one that has fewest", async () => {
  using a = holdingPeer("a");
  using b = holdingPeer("b");
  using bal = await spawnBal({
    config: simpleConfig([a, b], { workers: 2, method: "least_connections" }),
  });
  const clients: Wire[] = [];
  await open(bal.port, 10, clients);
  expect([a.served, b.served]).toEqual([5, 5]);

  const gone = clients.filter((client) => client.text() === "a");
  for (const client of gone) client.finish();
  await Promise.all(gone.map((client) => client.closed));
  await until("a is empty", async () => {
    const rows = (await bal.status()).pools[0]!.backends;
    return rows.map(({ active }) => active).join() === "0,5";
  });
  await open(bal.port, 5, clients);
  expect([a.served, b.served]).toEqual([10, 5]);
  for (const client of clients) client.reset();
});

test("least connections weighs the load", async () => {
  using a = holdingPeer("a");
  using b = holdingPeer("b");
  const weighted = [
    { port: a.port, weight: 3 },
    { port: b.port, weight: 1 },
  ];
  using bal = await spawnBal({
    config: simpleConfig(weighted, { workers: 2, method: "least_connections" }),
  });
  const clients: Wire[] = [];
  await open(bal.port, 20, clients);
  expect([a.served, b.served]).toEqual([15, 5]);
  for (const client of clients) client.reset();
});

test("random takes the one of two that has fewer sessions for its weight", async () => {
  using a = holdingPeer("a");
  using b = holdingPeer("b");
  const method = "random";
  const plain = simpleConfig([a, b], { workers: 2, method });
  using bal = await spawnBal({ config: plain });
  const clients: Wire[] = [];
  // Of two backends both are looked at, whatever chance draws.
  await open(bal.port, 20, clients);
  expect([a.served, b.served]).toEqual([10, 10]);
  await bal.reload({ ...plain, backends: [at(a, { weight: 3 }), at(b)] });
  await open(bal.port, 20, clients);
  expect([a.served, b.served]).toEqual([30, 10]);
  for (const client of clients) client.reset();
});

test("least_time goes where answers come soon, and looks at the slow one again", async () => {
  using fast = namedPeer("fast");
  using slow = peer(async (wire) => {
    await wire.read(1);
    await Bun.sleep(40);
    void wire.send("slow");
    wire.finish();
  });
  using bal = await spawnBal({
    config: simpleConfig([slow, fast], {
      workers: 1,
      method: "least_time",
      health_check: { type: "off" },
    }),
  });
  await ask(bal.port, 60);
  // One each to know them; the worker's average of the slow one stays above the fast one's.
  expect([slow.connections, fast.served]).toEqual([1, 59]);
});

test("source_hash with a bound sends no backend more than its share and a half", async () => {
  using a = holdingPeer("a");
  using b = holdingPeer("b");
  using c = holdingPeer("c");
  const peers = [a, b, c];
  const { config, port } = fullConfig(
    {
      backends: peers.map((one) => at(one)),
      pool: { method: "source_hash", hash: { bounded: "150%" } },
    },
    { workers: 2 },
  );
  using bal = await spawnBal({ config });
  const clients: Wire[] = [];
  // All from one address: without the bound they would be on one backend.
  await open(port, 12, clients);
  const served = peers.map((one) => one.served).sort((x, y) => x - y);
  expect(served).toEqual([0, 6, 6]);
  const free = fullConfig(
    { backends: peers.map((one) => at(one)), pool: { method: "source_hash" } },
    { workers: 2, port },
  );
  await bal.reload(free.config);
  const most = () => Math.max(...peers.map((one) => one.served));
  const before = most();
  await open(port, 12, clients);
  expect(most()).toBe(before + 12);
  for (const client of clients) client.reset();
});

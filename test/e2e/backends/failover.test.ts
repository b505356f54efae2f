// Promise 6: a dial that fails moves to another backend within a budget, and the client notices
// nothing.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { at, fullConfig, simpleConfig, spawnBal, temporaryHome } from "../../support/bal.ts";
import { blackhole } from "../../support/blackhole.ts";
import { namedPeer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { connect, exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const quietChecks = { interval: "60s", fast_interval: "60s", timeout: "2s", fall: 10 };

test("a backend that refuses is never noticed by a client", async () => {
  using alive = namedPeer("alive");
  using bal = await spawnBal({
    config: simpleConfig([{ port: freePort() }, alive], { health_check: quietChecks }),
  });
  for (let i = 0; i < 20; i++) {
    expect(await exchange(bal.port, "?")).toEqual({ ending: "eof", text: "alive" });
  }
  expect(alive.served).toBe(20);
});

test("a backend that does not answer costs a client its connect timeout and no more", async () => {
  using hole = blackhole();
  using alive = namedPeer("alive");
  using bal = await spawnBal({
    config: simpleConfig([hole, alive], {
      health_check: quietChecks,
      timeouts: { connect: "1s", connect_total: "6s" },
    }),
  });
  const startedAt = performance.now();
  for (let i = 0; i < 2; i++) {
    expect(await exchange(bal.port, "?")).toEqual({ ending: "eof", text: "alive" });
  }
  expect(performance.now() - startedAt).toBeLessThan(5000);
});

test("two dead backends of three are passed over for one client", async () => {
  using alive = namedPeer("alive");
  using bal = await spawnBal({
    config: simpleConfig([{ port: freePort() }, { port: freePort() }, alive], {
      health_check: quietChecks,
    }),
  });
  expect(await exchange(bal.port, "?")).toEqual({ ending: "eof", text: "alive" });
});

test("with no retries a client meets the dead backend: a reset, not an empty answer", async () => {
  using alive = namedPeer("alive");
  using bal = await spawnBal({
    config: simpleConfig([{ port: freePort() }, alive], { health_check: quietChecks, retries: 0 }),
  });
  const endings = [];
  for (let i = 0; i < 2; i++) {
    using client = await connect(bal.port);
    void client.send("?");
    endings.push(await client.ended);
  }
  expect(endings.toSorted()).toEqual(["eof", "reset"]);
});

test("when all backends refuse, the client is reset at once", async () => {
  using bal = await spawnBal({
    config: simpleConfig([{ port: freePort() }, { port: freePort() }]),
  });
  const startedAt = performance.now();
  using client = await connect(bal.port);
  expect(await client.readToEnd()).toEqual({ ending: "reset", text: "" });
  expect(performance.now() - startedAt).toBeLessThan(3000);
});

test("when all backends hang, the client is reset when connect_total is over", async () => {
  using first = blackhole();
  using second = blackhole();
  using bal = await spawnBal({
    config: simpleConfig([first, second], {
      health_check: quietChecks,
      timeouts: { connect: "5s", connect_total: "1500ms" },
    }),
  });
  const startedAt = performance.now();
  using client = await connect(bal.port);
  expect((await client.readToEnd()).ending).toBe("reset");
  const tookMs = performance.now() - startedAt;
  expect(tookMs).toBeGreaterThan(1300);
  expect(tookMs).toBeLessThan(6000);
});

test("backends that are all down are tried all the same, and serve when they can", async () => {
  using backend = namedPeer("back");
  const { port } = backend;
  backend.kill();
  using bal = await spawnBal({
    config: simpleConfig([backend], {
      health_check: {
        interval: "10s",
        fast_interval: "200ms",
        timeout: "500ms",
        rise: 10,
        fall: 1,
      },
    }),
  });
  await bal.untilState(port, "down");
  backend.start();
  expect(await exchange(bal.port, "?")).toEqual({ ending: "eof", text: "back" });
});

test("failed dials are counted by backend", async () => {
  const dead = freePort();
  using alive = namedPeer("alive");
  using bal = await spawnBal({
    config: simpleConfig([{ port: dead }, alive], { health_check: quietChecks }),
  });
  await exchange(bal.port, "?");
  await exchange(bal.port, "?");
  const rows = (await bal.status()).pools[0]!.backends;
  expect(rows.map(({ dial_errors }) => dial_errors > 0)).toEqual([true, false]);
});

test.each([
  ["checks that passed", quietChecks],
  ["no checks", { type: "off" }],
])("while the only backend restarts, with %s, clients wait for it", async (_, check) => {
  using backend = namedPeer("back");
  using bal = await spawnBal({ config: simpleConfig([backend], { health_check: check }) });
  await bal.untilState(backend.port, "up");
  expect(await exchange(bal.port, "?")).toEqual({ ending: "eof", text: "back" });
  backend.refuse();
  const answers = Array.from({ length: 5 }, () => exchange(bal.port, "?"));
  await until("each has been refused", async () => {
    const [row] = (await bal.status()).pools[0]!.backends;
    return row!.dial_errors >= answers.length;
  });
  backend.start();
  for (const answer of answers) expect(await answer).toEqual({ ending: "eof", text: "back" });
});

const quickChecks = { interval: "200ms", fast_interval: "100ms", timeout: "2s", rise: 1, fall: 1 };

describe("a check finds the only backend gone while it restarts: clients that come then wait for it", () => {
  test.each([
    ["where those that are down are tried", {}, {}],
    ["where they are not", { fail_open: false }, {}],
    ["with two workers", {}, { workers: 2 }],
    ["and end with a reset when it is not back in time", { fail_open: false }, { isLate: true }],
  ])("%s", async (_, pool, { isLate = false, ...top }: { isLate?: boolean; workers?: number }) => {
    using backend = namedPeer("back");
    const { config, port } = fullConfig(
      { backends: [at(backend)], pool: { health_check: quickChecks, ...pool } },
      { ...top, timeouts: { connect_total: isLate ? "1s" : "30s" } },
    );
    using bal = await spawnBal({ config });
    await bal.untilState(backend.port, "up");
    backend.refuse();
    await bal.untilState(backend.port, "down");
    const answers = Array.from({ length: 5 }, () => exchange(port, "?"));
    await until("they wait", async () => {
      const { stdout } = await bal.run("sessions", "--json");
      return isLate || stdout.split(/"queued"|"dialing"/).length > answers.length;
    });
    if (!isLate) backend.start();
    const text = isLate ? "" : "back";
    for (const answer of answers) {
      expect(await answer).toEqual({ ending: isLate ? "reset" : "eof", text });
    }
  });

  test("on a unix socket", async () => {
    using home = temporaryHome();
    using backend = namedPeer("back", { unix: join(home.path, "backend.sock") });
    const { config, port } = fullConfig({
      backends: [at(backend)],
      pool: { health_check: quickChecks, timeouts: { connect_total: "30s" } },
    });
    using bal = await spawnBal({ config });
    const isIn = (state: string) => async () =>
      (await bal.status()).pools[0]?.backends[0]?.state === state;
    await until("it is up", isIn("up"));
    backend.refuse();
    await until("it is down", isIn("down"));
    const answer = exchange(port, "?");
    await until("it has refused", async () => {
      const [row] = (await bal.status()).pools[0]!.backends;
      return row!.dial_errors > 0;
    });
    backend.start();
    expect(await answer).toEqual({ ending: "eof", text: "back" });
  });
});

// Signals and the end of the process.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { balBinary, runBal, simpleConfig, spawnBal, temporaryHome } from "../../support/bal.ts";
import { echoPeer, namedPeer, peer } from "../../support/peer.ts";
import { until } from "../../support/until.ts";
import { connect, exchange, type Wire } from "../../support/wire.ts";

setDefaultTimeout(60_000);

async function session(port: number): Promise<Wire> {
  const client = await connect(port);
  void client.send("x");
  await client.read(1);
  return client;
}

const refusal = (port: number) =>
  connect(port).then(
    (client) => {
      client.reset();
      return "connected";
    },
    (error) => error.code,
  );

test.each(["SIGTERM", "SIGINT"] as const)("%s ends an idle bal with 0", async (signal) => {
  using a = echoPeer();
  using bal = await spawnBal({ config: simpleConfig([a]) });
  bal.signal(signal);
  expect(await bal.exited).toBe(0);
  expect(existsSync(join(bal.home, "bal.sock"))).toBe(false);
});

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s drains: no new client, those there finish",
  async (signal) => {
    using a = echoPeer();
    using bal = await spawnBal({ config: simpleConfig([a], { workers: 2 }) });
    using client = await session(bal.port);
    bal.signal(signal);
    await until(
      "new clients are refused",
      async () => (await refusal(bal.port)) === "ECONNREFUSED",
    );
    expect((await bal.status()).phase).toBe("draining");
    expect((await bal.get("/readyz"))!.status).toBe(503);
    expect((await bal.get("/livez"))!.status).toBe(200);
    void client.send("y");
    expect(await client.read(2)).toBe("xy");
    client.finish();
    expect(await client.ended).toBe("eof");
    expect(await bal.exited).toBe(0);
  },
);

test("a second signal ends what is left at once, with resets", async () => {
  using a = echoPeer();
  using bal = await spawnBal({ config: simpleConfig([a], { timeouts: { shutdown: "1h" } }) });
  using client = await session(bal.port);
  bal.signal("SIGTERM");
  await until("it drains", async () => (await bal.status()).phase === "draining");
  const startedAt = performance.now();
  bal.signal("SIGTERM");
  expect(await client.ended).toBe("reset");
  expect(await bal.exited).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(8000);
});

test("after timeouts.shutdown what is left is reset, and bal ends with 0", async () => {
  using a = echoPeer();
  using bal = await spawnBal({ config: simpleConfig([a], { timeouts: { shutdown: "1s" } }) });
  using client = await session(bal.port);
  const startedAt = performance.now();
  bal.signal("SIGTERM");
  expect(await client.ended).toBe("reset");
  expect(performance.now() - startedAt).toBeGreaterThan(900);
  expect(await bal.exited).toBe(0);
});

test("clients that wait to be accepted when the drain begins are not lost unseen", async () => {
  using a = namedPeer("a");
  using bal = await spawnBal({ config: simpleConfig([a], { workers: 2 }) });
  const load = Array.from({ length: 200 }, () =>
    exchange(bal.port, "?").then(
      ({ ending, text }) => `${ending} ${text}`,
      (error) => String(error.code),
    ),
  );
  bal.signal("SIGTERM");
  const seen = new Set(await Promise.all(load));
  // Served, or refused, or reset in the last moment; never an empty clean answer.
  expect([...seen].filter((outcome) => !/^(eof a|reset |ECONN)/.test(outcome))).toEqual([]);
  expect(await bal.exited).toBe(0);
});

describe("bal stop", () => {
  test("waits for the drain and ends with 0 when the process has gone", async () => {
    using a = echoPeer();
    using bal = await spawnBal({ config: simpleConfig([a]) });
    using client = await session(bal.port);
    const stopping = bal.run("stop");
    await until("it drains", async () => (await bal.status()).phase === "draining");
    client.finish();
    expect((await stopping).code).toBe(0);
    expect(await Promise.race([bal.exited, Bun.sleep(100).then(() => "still there")])).toBe(0);
  });

  test("--now does not wait for sessions", async () => {
    using a = echoPeer();
    using bal = await spawnBal({ config: simpleConfig([a], { timeouts: { shutdown: "1h" } }) });
    using client = await session(bal.port);
    const { code } = await bal.run("stop", "--now");
    expect(code).toBe(0);
    expect(await client.ended).toBe("reset");
    expect(await bal.exited).toBe(0);
  });

  test("where nothing runs is 1 and says so", async () => {
    using home = temporaryHome();
    const { code, stdout, stderr } = await runBal(["stop"], { home: home.path });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/not running|no bal|nothing/i);
  });
});

test("SIGUSR1 does not end a bal in the foreground", async () => {
  using a = namedPeer("a");
  using bal = await spawnBal({ config: simpleConfig([a]) });
  bal.signal("SIGUSR1");
  await Bun.sleep(200);
  expect((await exchange(bal.port, "?")).text).toBe("a");
});

/** Sinks for the log that fail. */
const BROKEN = {
  "a closed pipe": '{ "$0" "$@" 2>&1; } | true; wait',
  "a full disk": 'exec "$0" "$@" >/dev/full 2>&1',
  "closed descriptors": 'exec "$0" "$@" >&- 2>&-',
} as const;

test.each(Object.keys(BROKEN) as (keyof typeof BROKEN)[])(
  "%s in place of the log ends nothing and burns nothing",
  async (kind) => {
    using a = namedPeer("a");
    using home = temporaryHome();
    const config = simpleConfig([a], { watch: false });
    const file = join(home.path, "config.yaml");
    await Bun.write(file, JSON.stringify(config));
    const child = Bun.spawn(["bash", "-c", BROKEN[kind], balBinary(), "start", "-c", file], {
      env: { PATH: process.env.PATH!, BAL_HOME: home.path },
      stdio: ["ignore", "ignore", "ignore"],
    });
    try {
      const answers = async () => (await exchange(config.port, "?").catch(() => null))?.text;
      await until("it serves", async () => (await answers()) === "a");
      const status = async () =>
        JSON.parse((await runBal(["status", "--json"], { home: home.path })).stdout);
      const { pid } = await status();
      for (let i = 0; i < 5; i++) {
        process.kill(pid, "SIGHUP");
        await Bun.sleep(50);
      }
      expect(await answers()).toBe("a");
      expect((await status()).pid).toBe(pid);
      expect((await runBal(["stop"], { home: home.path })).code).toBe(0);
      await child.exited;
    } finally {
      await runBal(["stop", "--now"], { home: home.path });
      child.kill("SIGKILL");
    }
  },
);

test("a backend that never answers its FIN does not hold up the end", async () => {
  using a = peer(async (wire) => {
    await wire.read(1);
    await wire.send("x");
  });
  using bal = await spawnBal({ config: simpleConfig([a], { timeouts: { shutdown: "1s" } }) });
  using client = await session(bal.port);
  client.finish();
  bal.signal("SIGTERM");
  expect(await client.ended).toBe("reset");
  expect(await bal.exited).toBe(0);
});

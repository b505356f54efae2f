// "Nothing is wrong" is true: what turns clients or operators away is told, until it is mended.
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync } from "node:fs";
import type { Problem } from "../../../src/api/problems.ts";
import { at, type Bal, fullConfig, simpleConfig, spawnBal } from "../../support/bal.ts";
import { holdingPeer, namedPeer } from "../../support/peer.ts";
import { until } from "../../support/until.ts";
import { connect, exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

async function problemOf(bal: Bal, code: string): Promise<Problem> {
  return until(code, async () => (await bal.status()).problems.find((one) => one.code === code));
}

async function untilNothingIsWrong(bal: Bal): Promise<void> {
  await until("nothing is wrong", async () => (await bal.status()).problems.length === 0);
  expect((await bal.run("status")).stdout).toContain("nothing is wrong");
}

test("a config that was refused stays a problem until one is taken, whoever asked", async () => {
  using a = namedPeer("a");
  const config = simpleConfig([a], { watch: false });
  using bal = await spawnBal({ config });
  await bal.untilState(a.port, "up");
  await untilNothingIsWrong(bal);
  bal.write({ ...config, metod: "first" });
  expect((await bal.run("graceful")).code).toBe(1);
  const { subject, message, hint } = await problemOf(bal, "config-refused");
  expect(subject).toBe("config");
  expect(message).toMatch(/config\.yaml:\d+:\d+: metod: .*method/);
  expect(hint).toContain("restart");
  const { last_reload } = (await bal.status()).config;
  expect(last_reload).toMatchObject({ by: "api", result: "refused" });
  expect(last_reload!.errors[0]).toMatchObject({ path: "metod", code: "unknown-key" });
  expect((await bal.run("status")).stdout).toContain("metod");
  const metrics = await (await bal.get("/metrics"))!.text();
  expect(metrics).toContain('bal_problems{severity="error"} 1');
  // The one in force, as it was.
  bal.write(config);
  expect((await bal.run("graceful")).code).toBe(0);
  await untilNothingIsWrong(bal);
  expect((await bal.status()).config.last_reload).toMatchObject({ result: "applied", error: null });
});

test("the ceiling, and the clients that it turned away", async () => {
  using a = holdingPeer("a");
  const limits = { max_connections: 2 };
  using bal = await spawnBal({ config: simpleConfig([a], { limits }) });
  await bal.untilState(a.port, "up");
  using first = await connect(bal.port);
  using second = await connect(bal.port);
  for (const client of [first, second]) {
    void client.send("?");
    await client.read(1);
  }
  await exchange(bal.port, "?").catch(() => {});
  const { severity, message } = await problemOf(bal, "ceiling-reached");
  expect([severity, message]).toEqual([
    "critical",
    "2 of 2 connections: the limit is reached, and new clients are refused",
  ]);
  expect(await problemOf(bal, "refused-limit-global")).toMatchObject({
    subject: "listener default",
    message: expect.stringContaining("1 client was not served"),
  });
  const [listener] = (await bal.status()).listeners;
  expect(listener).toMatchObject({ refused: 1, refused_by: { limit_global: 1 } });
  first[Symbol.dispose]();
  await until("there is room", async () => {
    return !(await bal.status()).problems.some(({ code }) => code === "ceiling-reached");
  });
});

test("a full pool, its queue, and clients that found no room in it", async () => {
  using a = holdingPeer("a");
  const backend = at(a, { max_connections: 1, queue: { size: 1, timeout: "30s" } });
  const { config, port } = fullConfig({ backends: [backend] });
  using bal = await spawnBal({ config });
  await bal.untilState(a.port, "up");
  using served = await connect(port);
  void served.send("?");
  await served.read(1);
  expect(await problemOf(bal, "pool-full")).toMatchObject({ severity: "warning" });
  using waiting = await connect(port);
  void waiting.send("?");
  expect(await problemOf(bal, "queue-full")).toMatchObject({ severity: "critical" });
  await exchange(port, "?").catch(() => {});
  expect(await problemOf(bal, "refused-queue-full")).toMatchObject({ severity: "error" });
  const { stdout } = await bal.run("status");
  for (const words of ["1 of 1", "queue 1 of 1", "1 queue_full"]) expect(stdout).toContain(words);
});

test("a backend's reason is the one of its last check", async () => {
  let answer = "HTTP/1.1 503 Busy\r\n\r\n";
  using web = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket) {
        socket.end(answer);
      },
    },
  });
  const health_check = { type: "http", interval: "100ms", fast_interval: "50ms", fall: 1 };
  using bal = await spawnBal({ config: simpleConfig([{ port: web.port }], { health_check }) });
  const reason = async () => (await bal.status()).pools[0]!.backends[0]!.reason;
  await until("it is down", async () => (await reason())?.includes("503"));
  answer = "HTTP/1.1 500 Broken\r\n\r\n";
  await until("it says why it is down now", async () => (await reason())?.includes("500"));
  const [backend] = (await bal.status()).pools[0]!.backends;
  expect(backend!.check).toMatchObject({ last: "failed", needed: 1 });
});

test("what was set by hand and could not be kept", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  using bal = await spawnBal({ config: simpleConfig([a, b]) });
  await bal.untilState(a.port, "up");
  await bal.untilState(b.port, "up");
  // Nothing can be renamed over a folder, not even by root.
  mkdirSync(`${bal.home}/state.json/x`, { recursive: true });
  await bal.run("drain", `127.0.0.1:${a.port}`);
  expect(await problemOf(bal, "state-unwritable")).toMatchObject({
    subject: "state.json",
    message: expect.stringContaining("lost at the next start"),
  });
});

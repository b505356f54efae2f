// The running bal's reports about itself: events, the config in force, and whether it is ready.
import { expect, setDefaultTimeout, test } from "bun:test";
import { runBal, simpleConfig, spawnBal } from "../../support/bal.ts";
import { EventReader } from "../../support/event-reader.ts";
import { holdingPeer, namedPeer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { connect, exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

test("events tell of backends, drains, weights, reloads and the end", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  const config = simpleConfig([a, b], {
    watch: false,
    health_check: { interval: "100ms", fast_interval: "50ms", fall: 1 },
  });
  using bal = await spawnBal({ config });
  await bal.untilState(b.port, "up");
  using reader = await EventReader.open(bal.home);
  const [pool, backend] = ["default", `127.0.0.1:${a.port}`];
  await bal.run("weight", backend, "3");
  expect(await reader.next("weight")).toMatchObject({ pool, backend, from: 1, to: 3 });
  await bal.run("drain", backend);
  expect(await reader.next("drain")).toMatchObject({ pool, backend, from: false, to: true });
  b.kill();
  const down = await until("b is down", () => reader.events.find(({ to }) => to === "down"));
  expect(down).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    kind: "state",
    pool,
    backend: `127.0.0.1:${b.port}`,
    from: "up",
    to: "down",
    reason: expect.stringContaining("check failed"),
  });
  await bal.reload({ ...config, retries: 1 });
  expect(await reader.next("reload")).toMatchObject({ from: 1, to: 2, reason: "retries: 2 → 1" });
  bal.write("port: [");
  expect((await bal.run("graceful")).code).toBe(1);
  expect(await reader.next("reload-failed")).toMatchObject({ from: 2, to: 2 });
  expect(await bal.stop()).toBe(0);
  expect(await reader.next("shutdown")).toMatchObject({ from: "running", to: "draining" });
  await until("the stream has ended", () => reader.hasEnded);
});

test("the config in force is shown with its defaults, without its secrets", async () => {
  using a = namedPeer("a");
  const token = "s3cret-s3cret-s3cret";
  const admin = { listen: `127.0.0.1:${freePort()}`, token };
  const config = simpleConfig([a], { admin, timeouts: { idle: "10m" } });
  using bal = await spawnBal({ config });
  const text = await (await bal.get("/v1/config"))!.text();
  expect(text).not.toContain("s3cret");
  const inForce = JSON.parse(text);
  expect(inForce).toMatchObject({
    file: bal.file,
    generation: 1,
    loaded_at: expect.any(String),
    config: {
      timeouts: { idle: "10m", connect: "2s" },
      admin: { listen: admin.listen, token: "(hidden)", token_file: null },
      listeners: [{ name: "default", port: config.port }],
      pools: { default: { backends: [{ host: "127.0.0.1", port: a.port, weight: 1 }] } },
    },
  });
  const check = await runBal(["check", "-c", "-"], { stdin: JSON.stringify(inForce.config) });
  expect(check.code).toBe(0);
});

test("with drain_delay it is not ready at once, and takes new clients until it is over", async () => {
  using a = holdingPeer("a");
  const config = simpleConfig([a], { timeouts: { drain_delay: "2s", shutdown: "10s" } });
  using bal = await spawnBal({ config });
  const code = async (path: string) => (await bal.get(path))?.status;
  expect([await code("/livez"), await code("/readyz")]).toEqual([200, 200]);
  const startedAtMs = performance.now();
  bal.signal("SIGTERM");
  await until("it is not ready", async () => (await code("/readyz")) === 503);
  expect(await code("/livez")).toBe(200);
  using late = await connect(config.port);
  await late.send("?");
  expect(await late.read(1)).toBe("a");
  expect((await bal.status()).phase).toBe("draining");
  await until("new clients are refused", () =>
    connect(config.port).then(
      () => false,
      () => true,
    ),
  );
  expect(performance.now() - startedAtMs).toBeGreaterThan(1900);
  await late.send("?");
  expect(late.isClosed).toBe(false);
  late.finish();
  expect(await bal.exited).toBe(0);
});

test("a second TERM does not wait for drain_delay", async () => {
  const config = simpleConfig([{ port: 1 }], { timeouts: { drain_delay: "1h" } });
  using bal = await spawnBal({ config });
  bal.signal("SIGTERM");
  await until("it drains", async () => (await bal.get("/readyz"))?.status === 503);
  bal.signal("SIGTERM");
  expect(await bal.exited).toBe(0);
});

test("one that waits at its drain_delay still balances, and refuses a reload", async () => {
  using a = namedPeer("a");
  const config = simpleConfig([a], { timeouts: { drain_delay: "1h" } });
  using bal = await spawnBal({ config });
  bal.signal("SIGTERM");
  await until("it drains", async () => (await bal.get("/readyz"))?.status === 503);
  expect(await exchange(config.port, "?")).toEqual({ ending: "eof", text: "a" });
  const { code, stderr } = await bal.run("graceful");
  expect([code, stderr]).toEqual([1, expect.stringContaining("draining")]);
  expect((await bal.run("stop", "--now")).code).toBe(0);
});

// A thousand signals where one was meant: by a loop in a script, or a watcher gone wild.
import { expect, setDefaultTimeout, test } from "bun:test";
import { simpleConfig, spawnBal } from "../../support/bal.ts";
import { namedPeer } from "../../support/peer.ts";
import { until } from "../../support/until.ts";
import { exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

test("1000 SIGHUPs under load: every client is served, and the log says once what is the same", async () => {
  using a = namedPeer("a");
  // Checks as frequent as these are worth a warning.
  const health_check = { interval: "200ms", timeout: "200ms" };
  const config = simpleConfig([a], { workers: 2, watch: false, health_check });
  using bal = await spawnBal({ config });
  let isOver = false;
  const clients = Array.from({ length: 4 }, async () => {
    while (!isOver) expect(await exchange(bal.port, "?")).toEqual({ ending: "eof", text: "a" });
  });
  for (let i = 0; i < 1000; i++) {
    bal.signal("SIGHUP");
    if (i % 10 === 0) await Bun.sleep(1);
  }
  const { code } = await bal.run("graceful");
  isOver = true;
  await Promise.all(clients);
  expect(code).toBe(0);
  expect((await bal.status()).config.generation).toBe(1);
  const events = bal.logs().map(({ event }) => event);
  expect(events.filter((event) => event === "config-warning")).toHaveLength(1);
  expect(events.filter((event) => event === "reload-unchanged").length).toBeWithin(1, 1002);
  expect(events).not.toContain("fault");
});

test("after the storm it rests", async () => {
  using a = namedPeer("a");
  using bal = await spawnBal({ config: simpleConfig([a], { watch: false }) });
  for (let i = 0; i < 1000; i++) bal.signal("SIGHUP");
  await until("it was seen", () => bal.logs().some(({ event }) => event === "reload-unchanged"));
  expect((await bal.run("graceful")).code).toBe(0);
  const before = bal.cpuTicks();
  await Bun.sleep(1000);
  expect(bal.cpuTicks() - before).toBeLessThan(30);
});

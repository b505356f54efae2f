// Who is eligible: checks, and ejection by real traffic.
import { expect, setDefaultTimeout, test } from "bun:test";
import { simpleConfig, spawnBal } from "../support/bal.ts";
import { blackhole } from "../support/blackhole.ts";
import { namedPeer, peer } from "../support/peer.ts";
import { until } from "../support/until.ts";
import { exchange } from "../support/wire.ts";

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

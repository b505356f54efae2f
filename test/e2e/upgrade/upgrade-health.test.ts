// The knowledge of the backends that another process has when it takes over.
import { expect, setDefaultTimeout, test } from "bun:test";
import { at, fullConfig, simpleConfig, spawnBal } from "../../support/bal.ts";
import { namedPeer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { exchange } from "../../support/wire.ts";

setDefaultTimeout(120_000);

test("what is known of the backends goes along", async () => {
  using up = namedPeer("up");
  using drained = namedPeer("drained");
  const down = freePort();
  const config = simpleConfig([up, drained, { port: down }], {
    watch: false,
    health_check: { interval: "60s", fast_interval: "50ms", fall: 2, rise: 5 },
  });
  using bal = await spawnBal({ config });
  await bal.untilState(down, "down");
  await bal.untilState(up.port, "up");
  expect((await bal.run("drain", `127.0.0.1:${drained.port}`)).code).toBe(0);
  const known = async () =>
    (await bal.status()).pools[0]!.backends.map(({ name, state, since, reason }) => ({
      name,
      state,
      since,
      reason,
    }));
  const before = await known();
  expect(before.map(({ state }) => state)).toEqual(["up", "draining", "down"]);
  await bal.upgrade();
  const after = await known();
  expect(after).toEqual(
    // Drained by state.json, since when it does not say.
    before.map((one, index) => (index === 1 ? { ...one, since: after[1]!.since } : one)),
  );
});

test("a backend that starts slowly goes on doing so, from the first client on", async () => {
  using warm = namedPeer("warm");
  using cold = namedPeer("cold");
  cold.refuse();
  const { config, port } = fullConfig(
    {
      backends: [at(warm), at(cold)],
      pool: { slow_start: "10m", health_check: { interval: "200ms", fast_interval: "50ms" } },
    },
    { watch: false },
  );
  using bal = await spawnBal({ config });
  await bal.untilState(cold.port, "down");
  cold.start();
  await bal.untilState(cold.port, "up");
  await bal.upgrade();
  for (let i = 0; i < 50; i++) await exchange(port, "?");
  expect(cold.served).toBeLessThan(5);
});

test("an ejection goes on, and a check of the new process ends it", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  const health_check = { interval: "60s", fast_interval: "60s", fall: 10 };
  using bal = await spawnBal({ config: simpleConfig([a, b], { watch: false, health_check }) });
  await bal.untilState(a.port, "up");
  await bal.untilState(b.port, "up");
  b.kill();
  const stateOf = async (port: number) =>
    (await bal.status()).pools[0]!.backends.find(({ name }) => name.endsWith(`:${port}`))!.state;
  await until("b is ejected", async () => {
    await exchange(bal.port, "?");
    return (await stateOf(b.port)) === "ejected";
  });
  await bal.upgrade();
  expect(await stateOf(b.port)).toBe("ejected");
  b.start();
  await bal.untilState(b.port, "up");
});

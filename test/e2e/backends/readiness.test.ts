// Checks that tell who leads, at the start of a process and after another one has taken its place.
import { expect, setDefaultTimeout, test } from "bun:test";
import { at, Bal, fullConfig, spawnBal } from "../../support/bal.ts";
import { holdingPeer } from "../../support/peer.ts";
import { askOnce, roleCheck, roleNodes } from "../../support/role-nodes.ts";
import { until } from "../../support/until.ts";

setDefaultTimeout(60_000);

/** An API that answers when it is told to. */
function heldApi() {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<number>();
  const api = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0 },
    fetch: async () => {
      asked.resolve();
      return new Response("", { status: await answer.promise });
    },
  });
  return {
    port: api.port,
    asked: asked.promise,
    answer: answer.resolve,
    [Symbol.dispose]: () => void api.stop(true),
  };
}

test.each([[200], [503]])(
  "bal is ready when the first check has told who leads: %d",
  async (status) => {
    using backend = holdingPeer("a");
    using api = heldApi();
    const pool = { health_check: { ...roleCheck, timeout: "5s", port: api.port } };
    using bal = new Bal({ config: fullConfig({ backends: [at(backend)], pool }).config });
    await api.asked;
    expect((await bal.get("/readyz"))?.status).toBe(503);
    expect((await bal.get("/livez"))?.status).toBe(200);
    api.answer(status);
    await bal.ready();
    const state = (await bal.status()).pools[0]?.backends[0]?.state;
    expect(state).toBe(status === 200 ? "up" : "down");
  },
);

test("bal waits 2 s for the first checks at most, and its status says which it still waits for", async () => {
  using backend = holdingPeer("a");
  using api = heldApi();
  const pool = { health_check: { ...roleCheck, timeout: "20s", port: api.port } };
  using bal = await spawnBal({ config: fullConfig({ backends: [at(backend)], pool }).config });
  const pending = async () =>
    (await bal.status()).problems.some(({ code }) => code === "checks-pending");
  expect(await pending()).toBe(true);
  expect((await bal.run("status")).stdout).toContain(
    "pool web waits for the first checks of 1 backend; its clients wait as well",
  );
  api.answer(200);
  await until("it is asked no more", async () => !(await pending()));
});

test("bal does not wait for checks that only ask whether a backend is there", async () => {
  // It never answers the handshake.
  using backend = holdingPeer("a");
  const pool = { health_check: { type: "tls", timeout: "20s" } };
  using bal = await spawnBal({ config: fullConfig({ backends: [at(backend)], pool }).config });
  const { pools, problems } = await bal.status();
  expect(pools[0]?.backends[0]?.state).toBe("unknown");
  expect(problems).toEqual([]);
});

test.each([
  ["copied", {}],
  ["spliced", { BAL_SPLICE_AFTER: "1" }],
])(
  "on_down: close ends sessions that an upgrade has left in the process before: %s",
  async (_, env) => {
    using group = roleNodes(["a", "b"]);
    const pool = { health_check: group.check, on_down: "close", wait: "20s" };
    const { config, port } = fullConfig({ backends: group.backends, pool });
    group.leaders.add("a");
    using bal = await spawnBal({ config, env });
    const { wire, name } = await askOnce(port);
    expect(name).toBe("a");
    await bal.upgrade();
    group.leaders.clear();
    group.leaders.add("b");
    expect(await wire.ended).toBe("reset");
    await until("b serves", async () => (await askOnce(port)).name === "b");
  },
);

test("a client that waits for a leader is served though an upgrade comes meanwhile", async () => {
  using group = roleNodes(["a", "b"]);
  const pool = { health_check: group.check, wait: "20s" };
  const { config, port } = fullConfig({ backends: group.backends, pool });
  using bal = await spawnBal({ config });
  const client = askOnce(port);
  await until("it waits", async () => (await bal.status()).pools[0]?.queue.length === 1);
  await bal.upgrade();
  group.leaders.add("b");
  expect((await client).name).toBe("b");
});

// Promise 7: every session ends once and frees its sockets and its rows, however it ends.
import { expect, setDefaultTimeout, test } from "bun:test";
import { simpleConfig, spawnBal } from "../../support/bal.ts";
import { peer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { connect, exchange, type Wire } from "../../support/wire.ts";

setDefaultTimeout(60_000);

/** Does what the client's first byte says. */
function obedientPeer() {
  return peer(async (wire) => {
    const order = (await wire.read(1))[0];
    if (order === "r") return wire.reset();
    void wire.send("ok");
    if (order === "f") wire.finish();
    await wire.ended;
    wire.finish();
  });
}

const ENDINGS: Readonly<Record<string, (port: number) => Promise<unknown>>> = {
  "both finish": (port) => exchange(port, "f"),
  "the client finishes first": (port) => exchange(port, "w"),
  "the backend resets": (port) =>
    withClient(port, async (client) => {
      void client.send("r");
      await client.closed;
    }),
  "the client resets in the relay": (port) =>
    withClient(port, async (client) => {
      void client.send("w");
      await client.read(2);
      client.reset();
    }),
  "the client resets before a word": (port) => withClient(port, async (client) => client.reset()),
  "the client resets half closed": (port) =>
    withClient(port, async (client) => {
      void client.send("f");
      await client.ended;
      client.reset();
    }),
};

async function withClient(port: number, act: (client: Wire) => Promise<void>): Promise<void> {
  using client = await connect(port);
  await act(client);
}

test.each(Object.keys(ENDINGS))("100 sessions of which %s leave nothing behind", async (name) => {
  using backend = obedientPeer();
  using bal = await spawnBal({ config: simpleConfig([backend], { workers: 2 }) });
  await exchange(bal.port, "f");
  await bal.untilIdle();
  const fds = bal.openStreams();
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 10 }, () => ENDINGS[name]!(bal.port)));
  }
  await bal.untilIdle();
  await until("descriptors are back", () => bal.openStreams() <= fds + 1);
  const { listeners } = await bal.status();
  expect(listeners[0]).toMatchObject({ active: 0, accepted: 101 });
});

test("sessions whose dial fails leave nothing behind", async () => {
  using bal = await spawnBal({
    config: simpleConfig([{ port: freePort() }, { port: freePort() }], { workers: 2 }),
  });
  const fds = bal.openStreams();
  for (let i = 0; i < 100; i++) {
    using client = await connect(bal.port);
    expect((await client.readToEnd()).ending).toBe("reset");
  }
  await bal.untilIdle();
  await until("descriptors are back", () => bal.openStreams() <= fds + 2);
});

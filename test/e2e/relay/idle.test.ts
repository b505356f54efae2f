// Timeouts of the relay: they are for silence, not for a session's age.
import { expect, setDefaultTimeout, test } from "bun:test";
import { SOL_SOCKET } from "../../../src/os/abi.ts";
import { descriptorOf, setOption } from "../../../src/os/socket.ts";
import { simpleConfig, spawnBal } from "../../support/bal.ts";
import { randomChunks } from "../../support/bytes.ts";
import { echoPeer, peer } from "../../support/peer.ts";
import { connect } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const SO_RCVBUF = 8;

test("a silent session is reset when idle is over", async () => {
  using backend = echoPeer();
  using bal = await spawnBal({ config: simpleConfig([backend], { timeouts: { idle: "1s" } }) });
  using client = await connect(bal.port);
  void client.send("x");
  await client.read(1);
  const startedAt = performance.now();
  expect(await client.ended).toBe("reset");
  expect(performance.now() - startedAt).toBeGreaterThan(900);
  await bal.untilIdle();
});

test.each(["up", "down"])("a slow steady stream %s outlives idle several times", async (way) => {
  const drip = async (send: (text: string) => Promise<boolean>) => {
    for (let i = 0; i < 15; i++) {
      await send(".");
      await Bun.sleep(300);
    }
  };
  using backend = peer(async (wire) => {
    await wire.read(1);
    if (way === "down") await drip((text) => wire.send(text));
    else await wire.ended;
    void wire.send("!");
    wire.finish();
  });
  using bal = await spawnBal({ config: simpleConfig([backend], { timeouts: { idle: "1s" } }) });
  using client = await connect(bal.port);
  void client.send("x");
  if (way === "up") {
    await drip((text) => client.send(text));
    client.finish();
  }
  const text = way === "down" ? `${".".repeat(15)}!` : "!";
  expect(await client.readToEnd()).toEqual({ ending: "eof", text });
});

test.each([
  ["copied", {}],
  ["spliced", { BAL_SPLICE_AFTER: "1" }],
])(
  "a client that always reads, slowly, outlives idle while its bytes wait in the kernel: %s",
  async (_, env) => {
    const total = 3_000_000;
    using backend = peer(async (wire) => {
      await wire.read(1);
      await wire.pump(randomChunks(1, total));
      await wire.ended;
    });
    const config = simpleConfig([backend], { timeouts: { idle: "1s" } });
    using bal = await spawnBal({ config, env });
    using client = await connect(bal.port);
    // About 30 kB a read: all of it takes some four seconds, of which the kernel's buffers hide most.
    setOption(descriptorOf(client.socket!), SOL_SOCKET, SO_RCVBUF, 16 * 1024);
    client.sink = () => {
      client.pause();
      setTimeout(() => client.resume(), 40);
    };
    void client.send("x");
    await client.read(total);
  },
);

test("idle: 0 is never", async () => {
  using backend = echoPeer();
  using bal = await spawnBal({ config: simpleConfig([backend], { timeouts: { idle: "0" } }) });
  using client = await connect(bal.port);
  void client.send("x");
  await client.read(1);
  await Bun.sleep(2500); // More than two sweeps.
  void client.send("y");
  expect(await client.read(2)).toBe("xy");
});

test("after the first FIN half_closed takes the place of idle", async () => {
  using backend = peer(async (wire) => {
    await wire.read(1);
    await wire.send("ok");
  });
  using bal = await spawnBal({
    config: simpleConfig([backend], { timeouts: { idle: "1h", half_closed: "1s" } }),
  });
  using client = await connect(bal.port);
  void client.send("x");
  client.finish();
  const startedAt = performance.now();
  expect(await client.readToEnd()).toEqual({ ending: "reset", text: "ok" });
  expect(performance.now() - startedAt).toBeLessThan(15_000);
});

test("half_closed counts from the last byte: an answer that drips outlives it", async () => {
  using backend = peer(async (wire) => {
    await wire.read(1);
    await wire.ended;
    for (let i = 0; i < 12; i++) {
      await wire.send(".");
      await Bun.sleep(300);
    }
    wire.finish();
  });
  using bal = await spawnBal({
    config: simpleConfig([backend], { timeouts: { half_closed: "1s" } }),
  });
  using client = await connect(bal.port);
  void client.send("x");
  client.finish();
  expect(await client.readToEnd()).toEqual({ ending: "eof", text: ".".repeat(12) });
});

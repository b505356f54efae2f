// Promise 3: an RST on one side is an RST on the other, behind the bytes that came before it.
import { expect, setDefaultTimeout, test } from "bun:test";
import { simpleConfig, spawnBal } from "../../support/bal.ts";
import { randomChunks } from "../../support/bytes.ts";
import {
  peer,
  pusherPeer,
  resetAfterFinPeer,
  resetAtAcceptPeer,
  resetPeer,
  stallPeer,
} from "../../support/peer.ts";
import { until } from "../../support/until.ts";
import { connect, type Ending } from "../../support/wire.ts";

setDefaultTimeout(60_000);

test("a backend's reset in the middle of an answer is a reset for the client", async () => {
  const half = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhalf";
  using backend = resetPeer(half);
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  using client = await connect(bal.port);
  await client.read(half.length);
  void client.send("!");
  expect(await client.ended).toBe("reset");
});

test("a client's reset is a reset for the backend", async () => {
  const seen = Promise.withResolvers<Ending>();
  using backend = peer(async (wire) => {
    await wire.read(5);
    void wire.closed.then(seen.resolve);
    await wire.send("ok");
  });
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  using client = await connect(bal.port);
  void client.send("hello");
  await client.read(2);
  client.reset();
  expect(await seen.promise).toBe("reset");
});

test("a backend that resets as it accepts is a reset for the client, not an empty answer", async () => {
  using backend = resetAtAcceptPeer();
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  using client = await connect(bal.port);
  expect(await client.readToEnd()).toEqual({ ending: "reset", text: "" });
});

test("a backend that resets after its FIN resets the client that still sends", async () => {
  using backend = resetAfterFinPeer();
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  using client = await connect(bal.port);
  expect(await client.ended).toBe("eof");
  void client.send("too late");
  expect(await client.closed).toBe("reset");
});

test("a backend's reset after the client's FIN is a reset, not an end", async () => {
  using backend = peer(async (wire) => {
    const { text } = await wire.readToEnd();
    if (text === "") return wire.finish();
    wire.reset();
  });
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  using client = await connect(bal.port);
  void client.send("x");
  client.finish();
  expect(await client.readToEnd()).toEqual({ ending: "reset", text: "" });
});

const SOON = { timeouts: { half_closed: "1s" } };

test("a backend's reset reaches a client that never reads, when half_closed is over", async () => {
  using backend = peer(async (wire) => {
    await wire.read(1);
    void wire.pump(randomChunks(1, Number.POSITIVE_INFINITY));
  });
  using bal = await spawnBal({ config: simpleConfig([backend], SOON) });
  using client = await connect(bal.port, { isPaused: true });
  client.sink = () => {};
  await client.send("go");
  await Bun.sleep(300); // Fills the buffers.
  backend.kill();
  expect(await client.closed).toBe("reset");
  await bal.untilIdle();
});

test("a client's reset reaches a backend that never reads, when half_closed is over", async () => {
  const seen = Promise.withResolvers<Ending>();
  using backend = peer((wire) => {
    wire.pause();
    wire.sink = () => {};
    void wire.closed.then((ending) => {
      if (wire.bytesReceived > 0 || ending === "reset") seen.resolve(ending);
    });
  });
  using bal = await spawnBal({ config: simpleConfig([backend], SOON) });
  using client = await connect(bal.port);
  void client.send(new Uint8Array(32 * 1024 * 1024));
  await Bun.sleep(300); // Fills the buffers.
  client.reset();
  expect(await seen.promise).toBe("reset");
  await bal.untilIdle();
});

test("a reset under full load on both sides leaves nothing behind", async () => {
  using backend = pusherPeer();
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  const fds = bal.openStreams();
  for (let i = 0; i < 20; i++) {
    using client = await connect(bal.port);
    client.sink = () => {};
    void client.send(new Uint8Array(4 * 1024 * 1024));
    await client.read(100_000);
    client.reset();
  }
  await bal.untilIdle();
  await until("descriptors are back", () => bal.openStreams() <= fds + 1);
});

test("a stalled backend that is killed ends its sessions with a reset", async () => {
  using backend = stallPeer();
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  using client = await connect(bal.port);
  await client.send("hello");
  await until("the backend has the session", () => backend.wires.size > 0);
  await until("bal counts it", async () => (await bal.status()).listeners[0]!.active === 1);
  backend.kill();
  expect(await client.ended).toBe("reset");
});

// Promise 1: what one side sent is what the other gets, in order.
import { expect, setDefaultTimeout, test } from "bun:test";
import { simpleConfig, spawnBal } from "../../support/bal.ts";
import { hashOf, hashSink, randomBytes, randomChunks } from "../../support/bytes.ts";
import { echoPeer, peer, sourcePeer } from "../../support/peer.ts";
import { connect, exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

test("20 MB there and back arrive whole, and the stream ends cleanly", async () => {
  using backend = echoPeer();
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  using client = await connect(bal.port);
  const hash = hashSink();
  client.sink = hash.sink;
  void client.pump(randomChunks(11, 20_000_000)).then(() => client.finish());
  expect(await client.ended).toBe("eof");
  expect(client.bytesReceived).toBe(20_000_000);
  expect(hash.digest()).toBe(hashOf(randomChunks(11, 20_000_000)));
});

test("50 connections at once keep their streams apart", async () => {
  using backend = echoPeer();
  using bal = await spawnBal({ config: simpleConfig([backend], { workers: 2 }) });
  const one = async (seed: number) => {
    using client = await connect(bal.port);
    const hash = hashSink();
    client.sink = hash.sink;
    void client.pump(randomChunks(seed, 400_000)).then(() => client.finish());
    return { ending: await client.ended, hash: hash.digest() };
  };
  const seeds = Array.from({ length: 50 }, (_, i) => i + 1);
  expect(await Promise.all(seeds.map(one))).toEqual(
    seeds.map((seed) => ({ ending: "eof" as const, hash: hashOf(randomChunks(seed, 400_000)) })),
  );
});

test("single bytes cross at once, without waiting for more", async () => {
  using backend = echoPeer();
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  using client = await connect(bal.port);
  for (let i = 1; i <= 200; i++) {
    void client.send(String(i % 10));
    await client.read(i);
  }
  expect(client.text()).toBe(Array.from({ length: 200 }, (_, i) => (i + 1) % 10).join(""));
});

test("a server that speaks first is heard before the client says a word", async () => {
  using backend = peer((wire) => {
    void wire.send("220 ready\r\n");
    void wire.ended.then(() => wire.finish());
  });
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  using client = await connect(bal.port);
  expect(await client.read(11)).toBe("220 ready\r\n");
});

test("every byte value crosses, zero and 255 too", async () => {
  using backend = echoPeer();
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  using client = await connect(bal.port);
  const all = Uint8Array.from({ length: 512 }, (_, i) => i & 255);
  const hash = hashSink();
  client.sink = hash.sink;
  void client.send(all);
  client.finish();
  expect(await client.ended).toBe("eof");
  expect(hash.digest()).toBe(hashOf([all]));
});

test("a download of which the backend dies half way is never a clean end", async () => {
  using backend = peer(async (wire) => {
    await wire.send(randomBytes(1, 300_000));
    await wire.read(1);
    backend.kill();
  });
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  using client = await connect(bal.port);
  await client.read(300_000);
  void client.send("x");
  expect(await client.ended).toBe("reset");
});

test("bytes and their end arrive although the client reads late", async () => {
  using backend = sourcePeer(5, 5_000_000);
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  using client = await connect(bal.port, { isPaused: true });
  const hash = hashSink();
  client.sink = hash.sink;
  await client.send("go");
  await Bun.sleep(300); // Long enough to fill every buffer on the way; the outcome does not hang on it.
  client.resume();
  expect(await client.ended).toBe("eof");
  expect(hash.digest()).toBe(hashOf(randomChunks(5, 5_000_000)));
});

test("bytes are counted in both directions", async () => {
  using backend = echoPeer();
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  await exchange(bal.port, "12345");
  await bal.untilIdle();
  const [row] = (await bal.status()).pools[0]!.backends;
  expect([row!.bytes_up, row!.bytes_down, row!.total, row!.active]).toEqual([5, 5, 1, 0]);
});

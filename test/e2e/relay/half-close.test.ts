// Promise 2: a FIN crosses after the last byte before it, and the other direction lives on.
import { expect, setDefaultTimeout, test } from "bun:test";
import { simpleConfig, spawnBal } from "../../support/bal.ts";
import { hashOf, hashSink, randomBytes, randomChunks } from "../../support/bytes.ts";
import { halfClosePeer, peer, sourcePeer } from "../../support/peer.ts";
import { connect, exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

test("a client that finishes first still gets its answer", async () => {
  using backend = halfClosePeer((text) => `${text.length} bytes`);
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  expect(await exchange(bal.port, "question")).toEqual({ ending: "eof", text: "8 bytes" });
});

test("a client that finishes without a word still gets its answer", async () => {
  using backend = halfClosePeer(() => "nothing heard");
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  expect(await exchange(bal.port, "")).toEqual({ ending: "eof", text: "nothing heard" });
});

test("a backend that finishes first still hears the client to its end", async () => {
  const heard = Promise.withResolvers<string>();
  using backend = peer(async (wire) => {
    void wire.send("bye");
    wire.finish();
    const { ending, text } = await wire.readToEnd();
    if (text !== "") heard.resolve(`${ending} ${text}`);
  });
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  using client = await connect(bal.port);
  expect(await client.readToEnd()).toEqual({ ending: "eof", text: "bye" });
  await client.send("one ");
  await client.send("two");
  client.finish();
  expect(await heard.promise).toBe("eof one two");
  expect(await client.closed).toBe("eof");
});

test("a FIN comes after all 5 MB that were sent before it, to a late reader too", async () => {
  using backend = sourcePeer(21, 5_000_000);
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  using client = await connect(bal.port, { isPaused: true });
  const hash = hashSink();
  client.sink = hash.sink;
  void client.send("go");
  client.finish();
  setTimeout(() => client.resume(), 200);
  expect(await client.ended).toBe("eof");
  expect(hash.digest()).toBe(hashOf(randomChunks(21, 5_000_000)));
});

test("a large upload with its FIN is whole before the answer comes", async () => {
  const bytes = randomBytes(22, 8_000_000);
  using backend = peer(async (wire) => {
    const hash = hashSink();
    wire.sink = hash.sink;
    if ((await wire.ended) === "reset") return;
    void wire.send(hash.digest());
    wire.finish();
  });
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  using client = await connect(bal.port);
  void client.send(bytes);
  client.finish();
  expect(await client.readToEnd()).toEqual({ ending: "eof", text: hashOf([bytes]) });
});

test("both sides that finish at the same time end cleanly", async () => {
  using backend = peer((wire) => {
    void wire.send("hello");
    wire.finish();
  });
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  const all = await Promise.all(Array.from({ length: 100 }, () => exchange(bal.port, "hi")));
  expect(all.filter(({ ending, text }) => ending !== "eof" || text !== "hello")).toEqual([]);
  await bal.untilIdle();
});

test("the half that is open carries bytes for as long as it likes", async () => {
  using backend = peer(async (wire) => {
    if ((await wire.readToEnd()).text === "") return wire.finish();
    for (let i = 0; i < 20; i++) {
      await wire.send(`${i} `);
      await Bun.sleep(25);
    }
    wire.finish();
  });
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  const { ending, text } = await exchange(bal.port, "count");
  expect([ending, text]).toEqual(["eof", Array.from({ length: 20 }, (_, i) => `${i} `).join("")]);
});

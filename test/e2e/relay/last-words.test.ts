// Promise 3: bytes that came before a break are delivered, also when the break shows in a write: an answer
// to half an upload, a QUIT in the middle of a download.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { at, fullConfig, spawnBal, temporaryHome } from "../../support/bal.ts";
import { hashOf, hashSink, randomChunks } from "../../support/bytes.ts";
import { peer } from "../../support/peer.ts";
import { until } from "../../support/until.ts";
import { connect, type Wire } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const ROUNDS = 25;
const ANSWER = "HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n";

const WAYS = [
  ["copied", {}],
  ["spliced", { BAL_SPLICE_AFTER: "1" }],
] as const;

/** Says its last words and closes with input that it has not read: the kernel resets its peer. */
async function leave(wire: Wire, words: string): Promise<void> {
  wire.pause();
  await wire.send(words);
  wire.socket?.end();
}

/** Sends until it can't. */
function flood(wire: Wire): void {
  void wire.pump(randomChunks(1, Number.POSITIVE_INFINITY));
}

describe.each(WAYS)("%s", (_, env) => {
  test.each(["a port", "a unix socket"])(
    "a backend on %s that answers half an upload and closes is heard by the client",
    async (place) => {
      using home = temporaryHome();
      const unix = place === "a port" ? {} : { unix: join(home.path, "b.sock") };
      using backend = peer(async (wire) => {
        await wire.read(1000);
        await leave(wire, ANSWER);
      }, unix);
      const { config, port } = fullConfig({ backends: [at(backend)] });
      using bal = await spawnBal({ config, env });
      for (let round = 0; round < ROUNDS; round++) {
        using client = await connect(port);
        flood(client);
        expect((await client.readToEnd()).text).toBe(ANSWER);
      }
      await bal.untilIdle();
    },
  );

  test("a client that says QUIT in the middle of a download and closes is heard by the backend", async () => {
    let heard = 0;
    using backend = peer(async (wire) => {
      flood(wire);
      const { text } = await wire.readToEnd();
      if (text === "QUIT") heard++;
    });
    const { config, port } = fullConfig({
      backends: [at(backend)],
      pool: { health_check: { type: "off" } },
    });
    using bal = await spawnBal({ config, env });
    for (let round = 1; round <= ROUNDS; round++) {
      using client = await connect(port);
      await client.read(100_000);
      await leave(client, "QUIT");
      await until(`the backend has heard ${round}`, () => heard === round);
    }
    await bal.untilIdle();
  });

  test("a client that has stopped reading gets all that was sent before a reset, then the reset", async () => {
    const total = 300_000;
    const sent = Promise.withResolvers<Wire>();
    using backend = peer(async (wire) => {
      await wire.read(1);
      await wire.pump(randomChunks(7, total));
      sent.resolve(wire);
    });
    const { config, port } = fullConfig({ backends: [at(backend)] });
    using bal = await spawnBal({ config, env });
    using client = await connect(port, { isPaused: true });
    const hash = hashSink();
    client.sink = hash.sink;
    void client.send("?");
    const wire = await sent.promise;
    // Bal's kernel has all of it: a reset drops what is in the send buffer.
    await until("it is out", async () => (await bal.status()).pools[0]?.backends[0]?.bytes_down);
    wire.reset();
    await until("the backend is gone", () => wire.isClosed);
    client.resume();
    expect(await client.ended).toBe("reset");
    expect([client.bytesReceived, hash.digest()]).toEqual([total, hashOf(randomChunks(7, total))]);
    await bal.untilIdle();
  });
});

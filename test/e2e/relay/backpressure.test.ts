// Promise 4: a slow reader pauses its writer, and memory per stalled connection is bounded.

import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { simpleConfig, spawnBal } from "../../support/bal.ts";
import { hashOf, hashSink, randomChunks } from "../../support/bytes.ts";
import { peer, pusherPeer, sourcePeer, stallPeer } from "../../support/peer.ts";
import { until } from "../../support/until.ts";
import { connect, type Wire } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const MIB = 1024 * 1024;
/** What two connections' kernel buffers may hold (the last figures of tcp_wmem and tcp_rmem), a pipe
 *  between them and a read of bal's. */
const KERNEL_BYTES =
  2 * MIB +
  2 *
    ["tcp_wmem", "tcp_rmem"]
      .map((name) => readFileSync(`/proc/sys/net/ipv4/${name}`, "utf8").trim().split(/\s+/)[2])
      .reduce((sum, max) => sum + Number(max), 0);

/** Waits until a number has stood still for about half a second, and returns it. */
async function settled(read: () => number): Promise<number> {
  let last = -1;
  let still = 0;
  return await until("it stands still", async () => {
    const now = read();
    still = now === last ? still + 1 : 0;
    last = now;
    return still >= 25 && now > 0 ? now : 0;
  });
}

/** A backend that pushes without end and counts what the kernel took. */
function countingPusher() {
  const counted = { bytes: 0 };
  const backend = peer(async (wire) => {
    await wire.read(1);
    for (const chunk of randomChunks(1, Number.POSITIVE_INFINITY)) {
      if (!(await wire.send(chunk))) return;
      counted.bytes += chunk.byteLength;
    }
  });
  return Object.assign(backend, { counted });
}

test("a client that stops reading stops the backend's sending, and goes on where it was", async () => {
  using backend = countingPusher();
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  using client = await connect(bal.port, { isPaused: true });
  await client.send("go");
  const stalledAt = await settled(() => backend.counted.bytes);
  expect(stalledAt).toBeLessThan(KERNEL_BYTES);

  const hash = hashSink();
  let left = 50_000_000;
  client.sink = (chunk) => {
    hash.sink(chunk.subarray(0, Math.max(0, left)));
    left -= chunk.byteLength;
  };
  client.resume();
  await client.read(50_000_000);
  expect(hash.digest()).toBe(hashOf(randomChunks(1, 50_000_000)));
});

test("a backend that stops reading stops the client's sending", async () => {
  using backend = stallPeer();
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  using client = await connect(bal.port);
  let sent = 0;
  const chunk = new Uint8Array(64 * 1024);
  void (async () => {
    while (await client.send(chunk)) sent += chunk.byteLength;
  })();
  expect(await settled(() => sent)).toBeLessThan(KERNEL_BYTES);
});

test("40 stalled downloads cost bal no more than one read each", async () => {
  using backend = pusherPeer();
  using bal = await spawnBal({ config: simpleConfig([backend], { workers: 2 }) });
  const before = bal.rssKiB();
  const clients: Wire[] = [];
  try {
    for (let i = 0; i < 40; i++) clients.push(await connect(bal.port, { isPaused: true }));
    await until("all are open", async () => (await bal.status()).listeners[0]!.active === 40);
    await Bun.sleep(1000); // The time in which an unbounded queue would grow by gigabytes.
    // 512 KiB is one read of Bun's; as much again for what the collector has not taken yet.
    expect(bal.rssKiB() - before).toBeLessThan(40 * 1024 + 64 * 1024);
  } finally {
    for (const client of clients) client.reset();
  }
});

test("a reader that reads in sips gets every byte", async () => {
  using backend = sourcePeer(9, 20_000_000);
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  using client = await connect(bal.port);
  const hash = hashSink();
  client.sink = (chunk) => {
    hash.sink(chunk);
    client.pause();
    setTimeout(() => client.resume(), 1);
  };
  void client.send("go");
  expect(await client.ended).toBe("eof");
  expect(client.bytesReceived).toBe(20_000_000);
  expect(hash.digest()).toBe(hashOf(randomChunks(9, 20_000_000)));
});

test("a stalled connection does not slow its neighbours", async () => {
  using backend = sourcePeer(2, 1_000_000);
  using bal = await spawnBal({ config: simpleConfig([backend], { workers: 1 }) });
  using stalled = await connect(bal.port, { isPaused: true });
  await stalled.send("go");
  for (let i = 0; i < 10; i++) {
    using client = await connect(bal.port);
    client.sink = () => {};
    void client.send("go");
    expect(await client.ended).toBe("eof");
    expect(client.bytesReceived).toBe(1_000_000);
  }
});

test("an idle stall costs no CPU", async () => {
  using backend = pusherPeer();
  using bal = await spawnBal({ config: simpleConfig([backend]) });
  using client = await connect(bal.port, { isPaused: true });
  await until("it is open", async () => (await bal.status()).listeners[0]!.active === 1);
  await Bun.sleep(1000); // Until the buffers are full.
  const before = bal.cpuTicks();
  await Bun.sleep(2000);
  expect(bal.cpuTicks() - before).toBeLessThan(40);
  expect(client.isClosed).toBe(false);
});

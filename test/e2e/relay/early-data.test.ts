// Promise 5: bytes that the client sent before the backend was connected are kept, bounded, and
// delivered first.
import { expect, setDefaultTimeout, test } from "bun:test";
import { simpleConfig, spawnBal } from "../../support/bal.ts";
import { blackhole } from "../../support/blackhole.ts";
import { hashOf, hashSink, randomBytes } from "../../support/bytes.ts";
import { echoPeer } from "../../support/peer.ts";
import { until } from "../../support/until.ts";
import { connect } from "../../support/wire.ts";

setDefaultTimeout(60_000);

/** The checks are out of the way: the first backend stays eligible. */
const quietChecks = { interval: "60s", fast_interval: "60s", timeout: "2s", fall: 10 };

test("bytes sent while the first backend hangs reach the second, in order, with the FIN", async () => {
  using hole = blackhole();
  using backend = echoPeer();
  using bal = await spawnBal({
    config: simpleConfig([hole, backend], {
      health_check: quietChecks,
      timeouts: { connect: "1s", connect_total: "6s" },
    }),
  });
  const bytes = randomBytes(31, 2_000_000);
  const once = async () => {
    using client = await connect(bal.port);
    const hash = hashSink();
    client.sink = hash.sink;
    void client.send(bytes);
    client.finish();
    return { ending: await client.ended, hash: hash.digest() };
  };
  // Two in turn: one of them meets the blackhole first.
  const expected = { ending: "eof" as const, hash: hashOf([bytes]) };
  expect([await once(), await once()]).toEqual([expected, expected]);
});

test("a client that sends on while bal dials is paused, not stored", async () => {
  using hole = blackhole();
  using bal = await spawnBal({
    config: simpleConfig([hole], {
      health_check: quietChecks,
      timeouts: { connect: "5s", connect_total: "5s" },
    }),
  });
  const before = bal.rssKiB();
  using client = await connect(bal.port);
  const sent = client.send(new Uint8Array(256 * 1024 * 1024));
  const outcome = await Promise.race([sent, Bun.sleep(2500).then(() => "paused")]);
  expect(outcome).toBe("paused");
  expect(bal.rssKiB() - before).toBeLessThan(64 * 1024);
});

test("a client that resets while bal dials is let go at once", async () => {
  using hole = blackhole();
  using bal = await spawnBal({
    config: simpleConfig([hole], {
      health_check: quietChecks,
      timeouts: { connect: "30s", connect_total: "30s" },
    }),
  });
  const client = await connect(bal.port);
  await client.send("hello?");
  await until("the session is open", async () => (await bal.status()).listeners[0]!.active === 1);
  client.reset();
  await bal.untilIdle();
});

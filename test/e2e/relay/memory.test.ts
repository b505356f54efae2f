// Promise 4: what is held for slow readers and for clients that wait stays within `limits.max_buffered`, at
// the cost of those who hold it.
import { expect, setDefaultTimeout, test } from "bun:test";
import { simpleConfig, spawnBal } from "../../support/bal.ts";
import { blackhole } from "../../support/blackhole.ts";
import { hashOf, hashSink, randomChunks } from "../../support/bytes.ts";
import { peer } from "../../support/peer.ts";
import { until } from "../../support/until.ts";
import { connect, type Wire } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const MIB = 1024 * 1024;
const LIMITS = { limits: { max_buffered: "1MiB" }, health_check: { type: "off" } };

type Scraped = { readonly get: (path: string) => Promise<Response | null> };

async function metric(bal: Scraped, line: RegExp): Promise<number> {
  const text = (await (await bal.get("/metrics"))?.text()) ?? "";
  return Number(line.exec(text)?.[1] ?? "0");
}

const BUFFERED = /^bal_buffered_bytes (\S+)$/m;
const ENDED = /^bal_sessions_ended_total\{[^}]*reason="max_buffered"[^}]*\} (\S+)$/m;

/** With "h" it sends 16 MiB and FIN, else it sends on and on. */
function floodingPeer() {
  return peer(async (wire) => {
    const isHealthy = (await wire.read(1)) === "h";
    await wire.pump(randomChunks(1, isHealthy ? 16 * MIB : 64 * MIB));
    wire.finish();
  });
}

test("stalled readers that use up max_buffered end, and a download beside them does not wait for them", async () => {
  using backend = floodingPeer();
  const config = simpleConfig([backend], { ...LIMITS, zero_copy: false });
  using bal = await spawnBal({ config });
  const stalled: Wire[] = [];
  for (let i = 0; i < 40; i++) {
    const client = await connect(bal.port, { isPaused: true });
    void client.send("s");
    stalled.push(client);
  }
  await until("some had to end", async () => (await metric(bal, ENDED)) > 0, 50_000);
  using client = await connect(bal.port);
  const hash = hashSink();
  client.sink = hash.sink;
  void client.send("h");
  client.finish();
  expect(await client.ended).toBe("eof");
  expect(hash.digest()).toBe(hashOf(randomChunks(1, 16 * MIB)));
  await until("within the limit", async () => (await metric(bal, BUFFERED)) <= MIB);
  for (const each of stalled) each.reset();
  await bal.untilIdle();
  expect(await metric(bal, BUFFERED)).toBe(0);
});

test("clients that wait for a backend are not read beyond max_buffered", async () => {
  using hole = await blackhole();
  const config = simpleConfig([hole], {
    ...LIMITS,
    timeouts: { connect: "3s", connect_total: "3s" },
  });
  using bal = await spawnBal({ config });
  const clients: Wire[] = [];
  for (let i = 0; i < 150; i++) clients.push(await connect(bal.port));
  for (const client of clients) void client.send(new Uint8Array(256 * 1024));
  let most = 0;
  await until("all dials have failed", async () => {
    most = Math.max(most, await metric(bal, BUFFERED));
    return clients.every(({ isClosed }) => isClosed);
  });
  // What one turn of each thread's event loop has read comes on top.
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(4 * MIB);
  await bal.untilIdle();
  expect(await metric(bal, BUFFERED)).toBe(0);
});

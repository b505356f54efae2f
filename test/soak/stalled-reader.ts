// 500 MB to a reader that stalls for 10 s in the middle: what it costs bal in memory.
// By hand: bun test/soak/stalled-reader.ts
import { simpleConfig, spawnBal } from "../support/bal.ts";
import { hashOf, hashSink, randomChunks } from "../support/bytes.ts";
import { sourcePeer } from "../support/peer.ts";
import { connect } from "../support/wire.ts";
import { claim, conclude, figure } from "./verdict.ts";

const TOTAL = 500_000_000;
const STALL_MS = 10_000;

using source = sourcePeer(5, TOTAL);
using bal = await spawnBal({ config: simpleConfig([source], { workers: 1 }) });
const base = bal.rssKiB();
figure("RSS at start", `${base} KiB`);
let peak = base;
const sampler = setInterval(() => {
  const rss = bal.rssKiB();
  peak = Math.max(peak, rss);
  figure(
    `RSS at ${(performance.now() / 1000).toFixed(1)} s`,
    `${rss} KiB, ${client.bytesReceived} bytes`,
  );
}, 1000);

using client = await connect(bal.port);
const hash = hashSink();
let hasStalled = false;
client.sink = (chunk) => {
  hash.sink(chunk);
  peak = Math.max(peak, client.bytesReceived % 64 === 0 ? bal.rssKiB() : 0);
  if (hasStalled || client.bytesReceived < TOTAL / 5) return;
  hasStalled = true;
  client.pause();
  figure("stalls at", `${client.bytesReceived} bytes`);
  setTimeout(() => client.resume(), STALL_MS);
};
void client.send("go");
const ending = await client.ended;
clearInterval(sampler);
claim("ending", ending, ending === "eof");
claim("hash", "of all bytes", hash.digest() === hashOf(randomChunks(5, TOTAL)));
claim("peak RSS over the base", `${peak - base} KiB`, peak - base < 64 * 1024);
figure("RSS at the end", `${bal.rssKiB()} KiB`);
conclude();

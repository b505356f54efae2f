// Readers that take nothing, which the budget for buffered bytes holds in check, and readers that are
// slow but alive beside them, all of whom finish.
// By hand: bun test/soak/slow-readers.ts [STALLED] [SLOW]
import { simpleConfig, spawnBal } from "../support/bal.ts";
import { pusherPeer, sourcePeer } from "../support/peer.ts";
import { freePort } from "../support/ports.ts";
import { connect, type Wire } from "../support/wire.ts";
import { claim, conclude, figure } from "./verdict.ts";

const STALLED = Number(process.argv[2] ?? 4000);
const SLOW = Number(process.argv[3] ?? 2000);
const BUDGET_MIB = 64;
const SLOW_BYTES = 1_000_000;
const SIP_MS = 40;

using pusher = pusherPeer();
using source = sourcePeer(7, SLOW_BYTES);
const [stalledPort, slowPort] = [freePort(), freePort()];
const listener = (name: string, port: number) => ({
  name,
  bind_address: "127.0.0.1",
  port,
  pool: name,
});
const to = (port: number) => ({ backends: [{ host: "127.0.0.1", port }] });
using bal = await spawnBal({
  config: {
    ...simpleConfig([]),
    ...{ port: undefined, backends: undefined, bind_address: undefined },
    workers: 2,
    zero_copy: false,
    limits: { max_buffered: `${BUDGET_MIB}MiB` },
    listeners: [listener("stalled", stalledPort), listener("slow", slowPort)],
    pools: { stalled: to(pusher.port), slow: to(source.port) },
  },
});
const base = bal.rssKiB();

const stalled: Wire[] = [];
for (let i = 0; i < STALLED; i++) stalled.push(await connect(stalledPort, { isPaused: true }));
figure("RSS at the start, with the stalled", `${base} KiB, ${bal.rssKiB()} KiB`);

let finished = 0;
async function sip(): Promise<void> {
  using wire = await connect(slowPort);
  wire.sink = () => wire.pause();
  const sips = setInterval(() => wire.resume(), SIP_MS);
  void wire.send("go");
  const ending = await wire.ended;
  clearInterval(sips);
  if (ending === "eof" && wire.bytesReceived === SLOW_BYTES) finished++;
}
const readers: Promise<void>[] = [];
for (let i = 0; i < SLOW; i++) {
  readers.push(sip().catch(() => {}));
  // One process is all clients and all backends here: it must get to accept.
  if (i % 20 === 0) await Bun.sleep(50);
}
let peak = 0;
const watch = setInterval(() => {
  peak = Math.max(peak, bal.rssKiB());
}, 250);
const startedAt = performance.now();
await Promise.all(readers);
clearInterval(watch);

figure("seconds that the slow ones took", ((performance.now() - startedAt) / 1000).toFixed(1));
claim("slow readers that finished", `${finished} of ${SLOW}`, finished === SLOW);
const each = (peak - base) / (STALLED + SLOW);
claim("RSS at its peak", `${peak} KiB, ${each.toFixed(0)} KiB each`, each < 256);
const ended = bal.logs().filter(({ event }) => event === "clients-refused");
for (const { message } of ended) figure("log", message);
for (const wire of stalled) wire.reset();
conclude();

// 200 reloads under a load of short connections, and a download of 1 GB across all of them.
// By hand: bun test/soak/reloads.ts [RELOADS] [DOWNLOAD_BYTES]
import { spawnBal } from "../support/bal.ts";
import { hashOf, hashSink, randomChunks } from "../support/bytes.ts";
import { peer, sourcePeer } from "../support/peer.ts";
import { freePort } from "../support/ports.ts";
import { connect } from "../support/wire.ts";
import { Load, summary } from "./load.ts";
import { claim, conclude, figure } from "./verdict.ts";

const RELOADS = Number(process.argv[2] ?? 200);
const DOWNLOAD_BYTES = Number(process.argv[3] ?? 1_000_000_000);

const shortPeer = () =>
  peer(async (wire) => {
    await wire.read(1);
    void wire.send("x".repeat(1024));
    wire.finish();
  });
using a = shortPeer();
using b = shortPeer();
using c = shortPeer();
using source = sourcePeer(77, DOWNLOAD_BYTES);
const downloadPort = freePort();
const shortPort = freePort();
const spare = [freePort(), freePort()];

/** Something of everything changes from one to the next: backends, weights, names, listeners. */
function config(turn: number) {
  const pool = [[a, b], [b, c], [a, b, c], [c]][turn % 4]!;
  const web = pool.map(({ port }, i) => ({
    host: "127.0.0.1",
    port,
    weight: 1 + ((turn + i) % 3),
  }));
  const listener = (name: string, port: number, to: string) => ({
    name,
    bind_address: "127.0.0.1",
    port,
    pool: to,
  });
  return {
    watch: false,
    workers: 2,
    listeners: [
      listener(`web-${turn % 2}`, shortPort, "web"),
      listener("files", downloadPort, "files"),
      listener("spare", spare[turn % 2]!, "web"),
    ],
    pools: {
      web: { backends: web, method: turn % 3 === 0 ? "least_connections" : "round_robin" },
      // Out of the file from time to time: its session has to live on.
      files: { backends: [{ host: "127.0.0.1", port: turn % 5 === 4 ? a.port : source.port }] },
    },
  };
}

using bal = await spawnBal({ config: config(0) });
const startedAt = performance.now();
const rssAtStart = bal.rssKiB();

using download = await connect(downloadPort);
const hash = hashSink();
let released = 0;
download.sink = (chunk) => {
  hash.sink(chunk);
  // A share for each reload, so that it lasts as long as they do.
  if (download.bytesReceived >= released) download.pause();
};
const release = (share: number) => {
  released = (DOWNLOAD_BYTES * share) / RELOADS;
  download.resume();
};
release(1);
void download.send("go");

const load = new Load({ port: shortPort, total: Number.POSITIVE_INFINITY, atOnce: 32 });
let refused = 0;
for (let turn = 1; turn <= RELOADS; turn++) {
  await bal.reload(config(turn)).catch((error) => {
    refused++;
    console.log(String(error));
  });
  release(turn);
}
released = Number.POSITIVE_INFINITY;
download.resume();
const ending = await download.ended;
await load.stop();
const seconds = (performance.now() - startedAt) / 1000;

figure("reloads", `${RELOADS} in ${seconds.toFixed(1)} s`);
claim("reloads that failed", refused, refused === 0);
figure("short connections meanwhile", load.done);
claim("of which failed", summary(load.failures), load.failures.length === 0);
claim("download", `${download.bytesReceived} bytes, ${ending}`, ending === "eof");
const isIntact = hash.digest() === hashOf(randomChunks(77, DOWNLOAD_BYTES));
claim("its hash", isIntact ? "intact" : "differs", isIntact);
const { generation } = (await bal.status()).config;
claim("generation", generation, generation === RELOADS + 1);
figure("RSS at start, at the end", `${rssAtStart} KiB, ${bal.rssKiB()} KiB`);
figure("open descriptors", bal.openFds());
claim("exit code of the drain", await bal.stop(), true);
conclude();

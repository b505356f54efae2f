// 50,000 connections of every kind of ending: descriptors and memory are back at the base.
// By hand: bun test/soak/endings.ts [TOTAL]
import { simpleConfig, spawnBal } from "../support/bal.ts";
import { peer } from "../support/peer.ts";
import { freePort } from "../support/ports.ts";
import { connect, type Wire } from "../support/wire.ts";
import { claim, conclude, figure } from "./verdict.ts";

const TOTAL = Number(process.argv[2] ?? 50_000);
const AT_ONCE = 40;

/** Does what the client's first byte says. */
using backend = peer(async (wire) => {
  const order = (await wire.read(1))[0];
  if (order === "r") return wire.reset();
  if (order === "b") void wire.send(new Uint8Array(300_000));
  else void wire.send("ok");
  if (order === "f") wire.finish();
  await wire.ended;
  wire.finish();
});

const ENDINGS: readonly ((client: Wire) => Promise<unknown>)[] = [
  // Both finish, the backend first.
  (client) => {
    void client.send("f");
    return client.ended.then(() => client.finish()).then(() => client.closed);
  },
  // Both finish, the client first.
  (client) => {
    void client.send("w");
    client.finish();
    return client.closed;
  },
  // The backend resets.
  (client) => {
    void client.send("r");
    return client.closed;
  },
  // The client resets: in the relay, at once, half closed, and with unread bytes on the way.
  (client) => {
    void client.send("w");
    return client.read(2);
  },
  () => Promise.resolve(),
  (client) => {
    void client.send("w");
    client.finish();
    return client.read(2);
  },
  (client) => {
    void client.send("b");
    return client.read(1);
  },
];

using bal = await spawnBal({
  // One dead backend of two: every other session dials twice.
  config: simpleConfig([backend, { port: freePort() }], { workers: 2 }),
});

let begun = 0;
async function clients(total: number): Promise<void> {
  begun = 0;
  const one = async () => {
    while (begun < total) {
      const kind = begun++ % ENDINGS.length;
      using client = await connect(bal.port);
      client.sink = () => {};
      await ENDINGS[kind]!(client);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  await bal.untilIdle();
}

await clients(5000);
await Bun.sleep(3000);
const base = { fds: bal.openStreams(), rss: bal.rssKiB() };
figure("base, after 5,000", `${base.fds} descriptors, ${base.rss} KiB`);
for (let tenth = 1; tenth <= 5; tenth++) {
  await clients(TOTAL / 5);
  figure(`after ${(TOTAL / 5) * tenth}`, `${bal.openStreams()} descriptors, ${bal.rssKiB()} KiB`);
}
await Bun.sleep(3000);
const grown = bal.rssKiB() - base.rss;
claim("descriptors over the base", bal.openStreams() - base.fds, bal.openStreams() <= base.fds + 1);
claim("RSS over the base", `${grown} KiB`, grown < 16 * 1024);
conclude();

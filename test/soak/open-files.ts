// An open-file limit of 256 and 400 clients: CPU at the limit, and whether it serves afterwards.
// By hand: bun test/soak/open-files.ts
import { simpleConfig, spawnBal } from "../support/bal.ts";
import { holdingPeer } from "../support/peer.ts";
import { until } from "../support/until.ts";
import { connect, type Wire } from "../support/wire.ts";
import { claim, conclude, figure } from "./verdict.ts";

const CLIENTS = 400;
const WATCH_MS = 10_000;

for (const overload of ["reject", "wait"]) {
  console.log(`limits.overload: ${overload}`);
  using backend = holdingPeer("held");
  using bal = await spawnBal({
    config: simpleConfig([backend], { limits: { overload } }),
    wrapper: ["bash", "-c", 'ulimit -n 256; exec "$0" "$@"'],
  });
  const clients: Wire[] = [];
  for (let i = 0; i < CLIENTS; i++) {
    const client = await connect(bal.port);
    void client.send("?");
    clients.push(client);
  }
  const served = () => clients.filter((client) => client.bytesReceived > 0).length;
  const refused = () => clients.filter((client) => client.isClosed).length;
  await until("the limit is reached", async () => {
    const before = served() + refused();
    await Bun.sleep(500);
    return before > 0 && before === served() + refused();
  });
  figure("served, reset, waiting", `${served()}, ${refused()}, ${CLIENTS - served() - refused()}`);
  const ticks = bal.cpuTicks();
  await Bun.sleep(WATCH_MS);
  const percent = ((bal.cpuTicks() - ticks) * 1000) / WATCH_MS;
  claim("CPU at the limit", `${percent.toFixed(1)} %`, percent < 10);
  claim("open descriptors", bal.openFds(), bal.openFds() < 256);
  if (overload === "wait") {
    claim("reset", refused(), refused() === 0);
    // Those in front leave; all behind them must be served in the end.
    while (served() < CLIENTS) {
      const before = served();
      for (const client of clients) if (client.bytesReceived > 0) client.finish();
      await until("the next are served", () => served() > before || served() === CLIENTS);
    }
    claim("served in the end", served(), served() === CLIENTS);
  }
  for (const client of clients) client.reset();
  await bal.untilIdle();
  using client = await connect(bal.port);
  void client.send("?");
  claim("served afterwards", await client.read(4), true);
}
conclude();

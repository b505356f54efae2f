// No ephemeral port is left for a backend: trouble of this host, for which no backend may be
// ejected. Needs a network namespace of its own with few ports. By hand:
//   unshare --user --map-root-user --net sh -c 'ip link set lo up &&
//     echo "40000 40050" >/proc/sys/net/ipv4/ip_local_port_range && bun test/soak/no-ports.ts'
import { readFileSync } from "node:fs";
import { spawnBal } from "../support/bal.ts";
import { holdingPeer } from "../support/peer.ts";
import { freePort } from "../support/ports.ts";
import { until } from "../support/until.ts";
import { connect, type Wire } from "../support/wire.ts";
import { claim, conclude, figure } from "./verdict.ts";

const [first, last] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8")
  .trim()
  .split(/\s+/)
  .map(Number);
const ports = last! - first! + 1;
if (ports > 100) {
  console.error("too many ephemeral ports; see this file's header for how to run it");
  process.exit(2);
}

using backend = holdingPeer("held");
const listeners = [freePort(), freePort(), freePort()];
using bal = await spawnBal({
  config: {
    watch: false,
    // Two listeners: this side, too, has only so many ports to each.
    listeners: listeners.map((port, i) => ({
      name: `edge-${i}`,
      bind_address: "127.0.0.1",
      port,
      pool: "web",
    })),
    pools: { web: { backends: [{ host: "127.0.0.1", port: backend.port }] } },
  },
});
await bal.untilState(backend.port, "up");

const clients: Wire[] = [];
for (const port of listeners.slice(0, 2)) {
  for (let i = 0; i < ports - 10; i++) {
    const client = await connect(port);
    void client.send("?");
    clients.push(client);
  }
}
const served = () => clients.filter((client) => client.bytesReceived > 0).length;
const refused = () => clients.filter((client) => client.isClosed).length;
await until("each is served or refused", () => served() + refused() === clients.length);
figure("ports, clients, served, refused", `${ports}, ${clients.length}, ${served()}, ${refused()}`);
claim("some met the end of the ports", refused(), refused() > 0);
const [row] = (await bal.status()).pools[0]!.backends;
claim("the backend's state", row!.state, row!.state === "up");
figure("failed dials", row!.dial_errors);
const lines = bal.logs().filter(({ message }) => /ephemeral/.test(message));
claim("log lines with the remedy", lines.length, lines.length >= 1 && lines.length <= 5);
figure("log", lines[0]?.message);
for (const client of clients) client.reset();
await bal.untilIdle();
await until("a client is served again", async () => {
  using client = await connect(listeners[2]!);
  void client.send("?");
  return (await client.read(4).catch(() => "")) === "held";
});
claim("served afterwards", "yes", true);
conclude();

// A host that vanishes (power, cable) sends neither FIN nor reset.
import { setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { at, fullConfig, spawnBal, temporaryHome } from "../../support/bal.ts";
import { Namespace, whyNoNamespaces } from "../../support/namespace.ts";
import { echoPeer } from "../../support/peer.ts";
import { until } from "../../support/until.ts";
import { connect } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const why = whyNoNamespaces();

// The kernel's own patience is a quarter of an hour (net.ipv4.tcp_retries2).
test.skipIf(why !== null).each([
  ["copied", {}],
  ["spliced", { BAL_SPLICE_AFTER: "1" }],
])(
  `a backend that vanishes with bytes unconfirmed ends its session after timeouts.user: %s ${why ?? ""}`,
  async (_, env) => {
    using home = temporaryHome();
    using network = new Namespace("user");
    using backend = network.enter(() => echoPeer());
    const unix = join(home.path, "edge.sock");
    const { config } = fullConfig(
      { backends: [at(backend)], listener: { unix }, pool: { health_check: { type: "off" } } },
      { timeouts: { user: "1s" }, log: { access: "all" } },
    );
    using bal = await network.enter(() => spawnBal({ config, env }));
    using client = await connect(unix);
    void client.send("x");
    await client.read(1);
    network.run("ip link set lo down");
    void client.send("unconfirmed");
    await client.ended;
    await bal.untilIdle();
    await until("the access log has it", () => bal.stdout.includes("backend_reset"));
  },
);

// Backends of which a check on another port tells who leads.
import { holdingPeer } from "./peer.ts";
import { freePort } from "./ports.ts";
import { connect } from "./wire.ts";

export const roleCheck = {
  type: "http",
  interval: "300ms",
  fast_interval: "100ms",
  timeout: "1s",
  rise: 1,
  fall: 1,
};

/** Backends on addresses of loopback of their own, with the API on one port of each. */
export function roleNodes(names: readonly string[]) {
  const leaders = new Set<string>();
  const [port, checkPort] = [freePort(), freePort()];
  const all = names.map((name, index) => {
    const host = `127.0.8.${index + 1}`;
    const peer = holdingPeer(name, { host, port });
    const fetch = () => new Response(name, { status: leaders.has(name) ? 200 : 503 });
    const serve = () => Bun.serve({ hostname: host, port: checkPort, fetch });
    const node = { name, host, peer, api: serve(), start: () => {} };
    node.start = () => {
      node.api = serve();
    };
    return node;
  });
  return {
    all,
    leaders,
    check: { ...roleCheck, port: checkPort },
    backends: all.map(({ name, host }) => ({ name, host, port })),
    [Symbol.dispose]() {
      for (const { peer, api } of all) {
        peer.kill();
        void api.stop(true);
      }
    },
  };
}

/** A client that asked once, and who answered. */
export async function askOnce(port: number) {
  const wire = await connect(port);
  await wire.send("?");
  return { wire, name: await wire.read(1).catch(() => "") };
}

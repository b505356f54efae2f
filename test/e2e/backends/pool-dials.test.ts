// A pool's own dial settings: where dials come from, how many and how long, and who is hashed.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawnBal } from "../../support/bal.ts";
import { blackhole } from "../../support/blackhole.ts";
import { namedPeer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const HERE = "127.0.0.1";

/** Tells each client where it comes from. */
function mirror() {
  const seen = new Set<string>();
  const server = Bun.listen({
    hostname: HERE,
    port: 0,
    socket: {
      open: (socket) => void seen.add(socket.remoteAddress),
      data: (socket) => void socket.end(socket.remoteAddress),
    },
  });
  return { seen, port: server.port, [Symbol.dispose]: () => server.stop(true) };
}

/** A listener for each pool, in their order. */
function config(pools: Readonly<Record<string, object>>, more: object = {}) {
  const names = Object.keys(pools);
  const ports = names.map(() => freePort());
  const listeners = names.map((pool, index) => {
    return { name: pool, bind_address: HERE, port: ports[index], pool };
  });
  return { ports, config: { watch: false, listeners, pools, ...more } };
}

describe.skipIf(process.platform !== "linux")("source", () => {
  test("is where dials and checks come from, each address in turn", async () => {
    using backend = mirror();
    const source = ["127.0.0.7", "127.0.0.8", "::1"];
    const { ports, config: written } = config({
      web: { source, backends: [{ host: HERE, port: backend.port }] },
    });
    using bal = await spawnBal({ config: written });
    await bal.untilState(backend.port, "up");
    const answers: string[] = [];
    for (let i = 0; i < 4; i++) answers.push((await exchange(ports[0]!, "?")).text);
    expect([...new Set(answers)].sort()).toEqual(["127.0.0.7", "127.0.0.8"]);
    expect([...backend.seen].sort()).toEqual(["127.0.0.7", "127.0.0.8"]);
  });

  test("that is no address of this host is told, and fails no check", async () => {
    using backend = mirror();
    const { ports, config: written } = config({
      web: { source: ["192.0.2.1"], backends: [{ host: HERE, port: backend.port }] },
    });
    using bal = await spawnBal({ config: written });
    expect((await exchange(ports[0]!, "?")).text).toBe("");
    const line = await until("it is told", () =>
      bal.logs().find(({ event }) => event === "local-error"),
    );
    expect(line.message).toContain("`source` is not an address of this host");
    expect(["up", "unknown"]).toContain((await bal.status()).pools[0]!.backends[0]!.state);
  });
});

test("retries are the pool's, where it says so", async () => {
  using a = namedPeer("a");
  const dead = [freePort(), freePort(), freePort()];
  const backends = [...dead, a.port].map((port) => ({ host: HERE, port }));
  const pool = { method: "first", health_check: { type: "off" }, backends };
  const { ports, config: written } = config(
    { few: { ...pool, retries: 1 }, many: { ...pool, retries: 3 } },
    { retries: 2 },
  );
  using _bal = await spawnBal({ config: written });
  const [few, many] = ports;
  expect((await exchange(few!, "?")).text).toBe("");
  expect((await exchange(many!, "?")).text).toBe("a");
});

test("so is the time of a dial", async () => {
  using hole = await blackhole();
  using a = namedPeer("a");
  const pool = {
    method: "first",
    health_check: { type: "off" },
    timeouts: { connect: "100ms", connect_total: "30s" },
    backends: [
      { host: HERE, port: hole.port },
      { host: HERE, port: a.port },
    ],
  };
  const timeouts = { connect: "60s", connect_total: "60s" };
  const { ports, config: written } = config({ web: pool }, { timeouts });
  using _bal = await spawnBal({ config: written });
  expect((await exchange(ports[0]!, "?")).text).toBe("a");
});

test("a client has the same server in two pools, where hosts are hashed", async () => {
  const hosts = Array.from({ length: 8 }, (_, n) => `127.0.1.${n + 1}`);
  using stack = new DisposableStack();
  const peersAt = () => {
    const port = freePort();
    for (const host of hosts) stack.use(namedPeer(host, { host, port }));
    return port;
  };
  const pool = (port: number, backend: string) => ({
    method: "source_hash",
    hash: { backend },
    health_check: { type: "off" },
    backends: hosts.map((host) => ({ host, port, name: `s${host.at(-1)}` })),
  });
  const [one, other] = [peersAt(), peersAt()];
  const { ports, config: written } = config({
    one: pool(one, "host"),
    other: pool(other, "host"),
    third: pool(one, "name"),
    fourth: pool(other, "name"),
  });
  using _bal = await spawnBal({ config: written });
  const found = await Promise.all(ports.map(async (port) => (await exchange(port, "?")).text));
  expect(hosts).toContain(found[0]!);
  expect([found[1], found[3]]).toEqual([found[0]!, found[2]!]);
});

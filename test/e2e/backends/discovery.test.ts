// Backends from DNS, on the binary, with a real name server. Skipped where there is no nsd.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bal, type ConfigObject, spawnBal, temporaryHome } from "../../support/bal.ts";
import { type NameServer, nameServer, nsd, ZONE } from "../../support/name-server.ts";
import { namedPeer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { connect, exchange, type Wire } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const DNS = { dns: `app.${ZONE}` };
const SRV = { srv: `_app._tcp.${ZONE}` };

/** Pool `web` behind listener `edge`, found by `discover`. */
function config(server: NameServer, discover: ConfigObject, pool: ConfigObject = {}) {
  const port = freePort();
  return {
    port,
    config: {
      resolver: { servers: [server.address] },
      health_check: { interval: "200ms", fast_interval: "50ms" },
      listeners: [{ name: "edge", bind_address: "127.0.0.1", port, pool: "web" }],
      pools: { web: { discover, ...pool } },
    },
  };
}

async function rowsOf(bal: Bal) {
  return (await bal.status()).pools[0]!.backends;
}

/** Waits until the pool has these backends and no others, and returns their rows. */
async function untilNames(bal: Bal, ...names: readonly string[]) {
  const wanted = [...names].sort().join();
  return await until(`the backends are ${wanted}`, async () => {
    const rows = await rowsOf(bal);
    const present = rows.map(({ name }) => name).sort();
    return present.join() === wanted ? rows : null;
  });
}

async function answers(port: number, times = 8): Promise<readonly string[]> {
  const texts: string[] = [];
  for (let i = 0; i < times; i++) texts.push((await exchange(port, "?")).text);
  return [...new Set(texts)].sort();
}

/** Who is at the other end of a connection that was open all the time. */
async function lastWords(client: Wire): Promise<string> {
  await client.send("?");
  client.finish();
  return (await client.readToEnd()).text;
}

function logged(bal: Bal, event: string) {
  return bal.logs().filter((line) => line.event === event);
}

describe.skipIf(nsd === null)("one backend for each address", () => {
  test("comes and goes with the answer, and moves no live connection", async () => {
    using a = namedPeer("a");
    using _b = namedPeer("b", { host: "127.0.0.2", port: a.port });
    using server = await nameServer(["app 1 A 127.0.0.1"]);
    const { port, config: written } = config(server, { ...DNS, port: a.port });
    using bal = await spawnBal({ config: written });
    await untilNames(bal, `127.0.0.1:${a.port}`);
    expect(await answers(port)).toEqual(["a"]);

    await server.set(["app 1 A 127.0.0.1", "app 1 A 127.0.0.2"]);
    await untilNames(bal, `127.0.0.1:${a.port}`, `127.0.0.2:${a.port}`);
    expect(await answers(port)).toEqual(["a", "b"]);

    // A live connection to each, and the first one goes.
    using one = await connect(port);
    using two = await connect(port);
    await until("both have one", async () =>
      (await rowsOf(bal)).every(({ active }) => active === 1),
    );
    const total = (await rowsOf(bal)).find(({ name }) => name.startsWith("127.0.0.1:"))!.total;
    await server.set(["app 1 A 127.0.0.2"]);
    const leaving = await until("the first one drains", async () =>
      (await rowsOf(bal)).find(({ state }) => state === "draining"),
    );
    expect(leaving).toMatchObject({ name: `127.0.0.1:${a.port}`, active: 1, total });
    expect(await answers(port)).toEqual(["b"]);
    // One stays for the end of the test.
    const said = await Promise.all([one, two].map((client) => lastWords(client)));
    expect(said.sort()).toEqual(["a", "b"]);
  });

  test("is the same row when it is back before its last session has ended", async () => {
    using a = namedPeer("a");
    using _b = namedPeer("b", { host: "127.0.0.2", port: a.port });
    using server = await nameServer(["app 1 A 127.0.0.1"]);
    const { port, config: written } = config(server, { ...DNS, port: a.port });
    using bal = await spawnBal({ config: written });
    const first = `127.0.0.1:${a.port}`;
    await untilNames(bal, first);
    expect(await answers(port)).toEqual(["a"]);
    using client = await connect(port);
    await until("it has a session", async () => (await rowsOf(bal))[0]?.active === 1);
    await server.set(["app 1 A 127.0.0.2"]);
    await until("it drains", async () =>
      (await rowsOf(bal)).find(({ state }) => state === "draining"),
    );
    await server.set(["app 1 A 127.0.0.1", "app 1 A 127.0.0.2"]);
    const back = await until("it is back", async () =>
      (await rowsOf(bal)).find(({ name, state }) => name === first && state === "up"),
    );
    expect(back).toMatchObject({ total: 9, active: 1 });
    expect(await lastWords(client)).toBe("a");
    expect(await answers(port)).toEqual(["a", "b"]);
    expect((await bal.status()).config.generation).toBe(1);
    expect(logged(bal, "worker-lost")).toEqual([]);
    expect(logged(bal, "discovered").map(({ message }) => message)).toEqual([
      `web: added 127.0.0.2:${a.port}; removed 127.0.0.1:${a.port}`,
      `web: added 127.0.0.1:${a.port}`,
    ]);
  });

  test("the last good answer is kept while the server is away, fails or has none", async () => {
    using a = namedPeer("a");
    using server = await nameServer(["app 1 A 127.0.0.1"]);
    const { port, config: written } = config(server, { ...DNS, port: a.port });
    using bal = await spawnBal({ config: written });
    const stateOf = async () => (await bal.status()).pools[0]!.discover;
    await until("it is resolved", async () => (await stateOf())?.state === "resolved");

    await server.kill();
    await until("it is stale", async () => (await stateOf())?.state === "stale");
    expect(await answers(port)).toEqual(["a"]);
    await server.set([]);
    await until("it is gone", async () => (await stateOf())?.error === "ENOTFOUND");
    expect(await answers(port)).toEqual(["a"]);
    await untilNames(bal, `127.0.0.1:${a.port}`);
    await server.set(["app 1 A 127.0.0.1"]);
    await until("it is resolved again", async () => (await stateOf())?.state === "resolved");
    expect(await stateOf()).toEqual({ name: DNS.dns, state: "resolved", error: null });
    expect(logged(bal, "dns-fails")).toHaveLength(1);
    expect(logged(bal, "dns-answers")).toHaveLength(1);
    expect((await bal.run("status")).stdout).toContain(`from ${DNS.dns}`);
  });

  test("a name that was never there is a pool without backends, until it is", async () => {
    using a = namedPeer("a");
    using server = await nameServer();
    const { port, config: written } = config(server, { ...DNS, port: a.port });
    using bal = await spawnBal({ config: written });
    expect((await bal.status()).pools[0]).toMatchObject({
      discover: { name: DNS.dns, state: "unresolved", error: "ENOTFOUND" },
      backends: [],
    });
    expect(logged(bal, "unresolved")).toMatchObject([{ name: DNS.dns, pool: "web" }]);
    expect((await exchange(port, "?").catch(() => ({ ending: "reset" }))).ending).toBe("reset");
    await server.set(["app 1 A 127.0.0.1"]);
    await untilNames(bal, `127.0.0.1:${a.port}`);
    expect(await answers(port)).toEqual(["a"]);
  });

  test("200 of them, more than a datagram holds", async () => {
    using a = namedPeer("a", { host: "0.0.0.0" });
    const ips = Array.from({ length: 200 }, (_, n) => `127.0.1.${n + 1}`);
    using server = await nameServer(ips.map((ip) => `app 1 A ${ip}`));
    const { port, config: written } = config(server, { ...DNS, port: a.port });
    using bal = await spawnBal({ config: written });
    await untilNames(bal, ...ips.map((ip) => `${ip}:${a.port}`));
    await Promise.all(Array.from({ length: 200 }, () => exchange(port, "?")));
    expect((await rowsOf(bal)).filter(({ total }) => total === 1)).toHaveLength(200);
  });

  test("beside configured ones, of which the settings hold", async () => {
    using a = namedPeer("a");
    using _b = namedPeer("b", { host: "127.0.0.2", port: a.port });
    using server = await nameServer(["app 1 A 127.0.0.1", "app 1 A 127.0.0.2"]);
    const backends = [{ host: "127.0.0.1", port: a.port, weight: 3 }];
    const { port, config: written } = config(server, { ...DNS, port: a.port }, { backends });
    using bal = await spawnBal({ config: written });
    const rows = await untilNames(bal, `127.0.0.1:${a.port}`, `127.0.0.2:${a.port}`);
    expect(rows.map(({ weight }) => weight)).toEqual([3, 1]);
    expect(await answers(port)).toEqual(["a", "b"]);
  });
});

describe.skipIf(nsd === null)("one backend for each SRV record", () => {
  test("by its weight, and the next priority when the first has nobody", async () => {
    const peers = ["a", "b", "c"].map((name) => namedPeer(name));
    const [a, b, c] = peers as [(typeof peers)[0], (typeof peers)[0], (typeof peers)[0]];
    const hosts = ["h1 1 A 127.0.0.1", "h2 1 A 127.0.0.1", "h3 1 A 127.0.0.1"];
    using server = await nameServer([
      ...hosts,
      `_app._tcp 1 SRV 10 3000 ${a.port} h1`,
      `_app._tcp 1 SRV 20 0 ${b.port} h2`,
      `_app._tcp 1 SRV 30 0 ${c.port} h3`,
    ]);
    const { port, config: written } = config(server, SRV);
    using bal = await spawnBal({ config: written });
    const names = [`h1.${ZONE}:${a.port}`, `h2.${ZONE}:${b.port}`, `h3.${ZONE}:${c.port}`];
    const rows = await untilNames(bal, ...names);
    expect(rows.map(({ name, weight }) => [name, weight])).toEqual([
      [names[0]!, 256],
      [names[1]!, 1],
      [names[2]!, 1],
    ]);
    await bal.untilState(c.port, "up");
    expect(await answers(port)).toEqual(["a"]);
    a[Symbol.dispose]();
    await bal.untilState(a.port, "down");
    expect(await answers(port)).toEqual(["b"]);
    b[Symbol.dispose]();
    await bal.untilState(b.port, "down");
    expect(await answers(port)).toEqual(["c"]);
    using again = namedPeer("a again", { port: a.port });
    await bal.untilState(again.port, "up");
    expect(await answers(port)).toEqual(["a again"]);
    c[Symbol.dispose]();
  });

  test("a target that moves keeps its row, one with several addresses has several", async () => {
    using a = namedPeer("a");
    using _b = namedPeer("b", { host: "127.0.0.2", port: a.port });
    const srv = `_app._tcp 1 SRV 0 0 ${a.port} h`;
    using server = await nameServer([srv, "h 1 A 127.0.0.1"]);
    const { port, config: written } = config(server, SRV);
    using bal = await spawnBal({ config: written });
    const name = `h.${ZONE}:${a.port}`;
    await untilNames(bal, name);
    expect(await answers(port)).toEqual(["a"]);
    await server.set([srv, "h 1 A 127.0.0.2"]);
    await until("it is elsewhere", async () => (await answers(port, 1))[0] === "b");
    const [row] = await untilNames(bal, name);
    expect(row!.total).toBeGreaterThan(8);
    await server.set([srv, "h 1 A 127.0.0.1", "h 1 A 127.0.0.2"]);
    await untilNames(bal, `127.0.0.1:${a.port}`, `127.0.0.2:${a.port}`);
    expect(await answers(port)).toEqual(["a", "b"]);
  });

  test("a reload with another name, or other servers, applies", async () => {
    using a = namedPeer("a");
    using b = namedPeer("b");
    const records = ["h 1 A 127.0.0.1", `_app._tcp 1 SRV 0 0 ${a.port} h`];
    using server = await nameServer([...records, `_other._tcp 1 SRV 0 0 ${b.port} h`]);
    using second = await nameServer(["h 1 A 127.0.0.1", `_other._tcp 1 SRV 0 0 ${a.port} h`]);
    const { port, config: written } = config(server, SRV);
    using bal = await spawnBal({ config: written });
    await untilNames(bal, `h.${ZONE}:${a.port}`);
    using live = await connect(port);
    await until("it is relayed", async () => (await rowsOf(bal))[0]?.active === 1);

    const other = { srv: `_other._tcp.${ZONE}` };
    const { changes } = await bal.reload({ ...written, pools: { web: { discover: other } } });
    expect(changes).toEqual([
      { kind: "changed", path: "pools.web.discover.srv", from: SRV.srv, to: other.srv },
    ]);
    expect(await answers(port)).toEqual(["b"]);
    expect(await lastWords(live)).toBe("a");

    await bal.reload({
      ...written,
      pools: { web: { discover: other } },
      resolver: { servers: [second.address], interval: "1s" },
    });
    await until("the other server is asked", async () => (await answers(port, 1))[0] === "a");
  });
});

/** Runs a command with another /etc/resolv.conf, in a mount namespace of its own. */
function withResolvConf(file: string): readonly string[] {
  const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
  return ["unshare", "--mount", "sh", "-c", script, file];
}

const canMount = process.getuid?.() === 0 && runs(...withResolvConf("/dev/null"), "true");

function runs(...command: readonly string[]): boolean {
  return Bun.spawnSync([...command], { stdout: "ignore", stderr: "ignore" }).success;
}

// Skipped without root: a mount, and port 53.
test.skipIf(nsd === null || !canMount)(
  "without resolver.servers, /etc/resolv.conf has servers and search list, and TTLs hold",
  async () => {
    using a = namedPeer("a");
    using _b = namedPeer("b", { host: "127.0.0.2", port: a.port });
    const srv = `_https._tcp.web 1 SRV 0 0 ${a.port} pod-0.web`;
    const pod = "pod-0.web 1 A 127.0.0.1";
    const place = { ip: "127.53.0.1", port: 53 };
    using server = await nameServer([srv, pod, "web 1 A 127.0.0.1"], place);
    using home = temporaryHome();
    const file = join(home.path, "resolv.conf");
    writeFileSync(file, `search ${ZONE}\noptions ndots:5\nnameserver ${server.ip}\n`);
    const ports = [freePort(), freePort(), freePort()] as const;
    const pools = {
      dns: { discover: { dns: "web", port: a.port } },
      srv: { discover: { srv: "_https._tcp.web" } },
      host: { backends: [{ host: "web", port: a.port }] },
    };
    const listeners = Object.keys(pools).map((pool, index) => ({
      name: pool,
      bind_address: "127.0.0.1",
      port: ports[index],
      pool,
    }));
    using bal = await spawnBal({
      config: { resolver: { interval: "1h" }, listeners, pools },
      wrapper: withResolvConf(file),
    });
    for (const port of ports) expect(await answers(port, 2)).toEqual(["a"]);
    const { pools: rows } = await bal.status();
    expect(rows.map(({ backends }) => backends.map(({ name }) => name))).toEqual([
      [`127.0.0.1:${a.port}`],
      [`pod-0.web.${ZONE}:${a.port}`],
      [`web:${a.port}`],
    ]);
    // Long before the interval is over.
    await server.set([srv, "pod-0.web 1 A 127.0.0.2", "web 1 A 127.0.0.2"]);
    await until("all are elsewhere", async () => {
      const texts = await Promise.all(ports.map(async (port) => (await exchange(port, "?")).text));
      return texts.every((text) => text === "b");
    });
  },
);

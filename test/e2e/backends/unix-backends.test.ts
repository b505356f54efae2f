// Backends on unix sockets: dialled, checked, named and steered like any other.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { at, type ConfigObject, fullConfig, spawnBal } from "../../support/bal.ts";
import { hashOf, hashSink, randomChunks } from "../../support/bytes.ts";
import { listeningUnix } from "../../support/listening.ts";
import { echoPeer, halfClosePeer, holdingPeer, namedPeer, peer } from "../../support/peer.ts";
import { until } from "../../support/until.ts";
import { connect, exchange, exchangeFrom } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const quick = { interval: "500ms", fast_interval: "100ms", timeout: "400ms", rise: 1, fall: 2 };
let folder = "";
let made = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bal-unix-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A path that nothing has. */
const fresh = () => join(folder, `${++made}.sock`);

describe("clients are relayed", () => {
  test("and the backend has its path for a name, in all that tells of it", async () => {
    using one = namedPeer("one", { unix: fresh() });
    const { config, port } = fullConfig({ backends: [at(one)] });
    using bal = await spawnBal({ config });
    expect(await exchange(port, "?")).toEqual({ ending: "eof", text: "one" });
    const name = `unix:${one.unix}`;
    expect((await bal.status()).pools[0]?.backends[0]).toMatchObject({ name, total: 1 });
    expect((await bal.run("status")).stdout).toContain(name);
    const metrics = await (await bal.get("/metrics"))?.text();
    expect(metrics).toContain(`bal_backend_connections_total{pool="web",backend="${name}"} 1`);
  });

  test("in the abstract namespace", async () => {
    const path = `@bal-test-${process.pid}`;
    using one = listeningAbstract(path);
    const { config, port } = fullConfig({ backends: [{ unix: path }] });
    using _ = await spawnBal({ config });
    expect((await exchange(port, "?")).text).toBe(one.name);
  });

  test("with half closes, either way round", async () => {
    using asked = halfClosePeer((text) => `got ${text}`, { unix: fresh() });
    const { config, port } = fullConfig({ backends: [at(asked)] });
    using _ = await spawnBal({ config });
    expect(await exchange(port, "a question")).toEqual({ ending: "eof", text: "got a question" });
  });

  test.each(["1", "200000", "1000000000"])(
    "and 20 MB there and back arrive whole, spliced after %s bytes",
    async (after) => {
      using backend = echoPeer({ unix: fresh() });
      const { config, port } = fullConfig({ backends: [at(backend)] });
      using _ = await spawnBal({ config, env: { BAL_SPLICE_AFTER: after } });
      using client = await connect(port);
      const hash = hashSink();
      client.sink = hash.sink;
      void client.pump(randomChunks(7, 20_000_000)).then(() => client.finish());
      expect(await client.ended).toBe("eof");
      expect(hash.digest()).toBe(hashOf(randomChunks(7, 20_000_000)));
    },
  );

  test("and a slow one pauses its backend, whose memory is bounded", async () => {
    let sent = 0;
    using pusher = peer(
      async (wire) => {
        for (const chunk of randomChunks(3, 200_000_000)) {
          if (!(await wire.send(chunk))) return;
          sent += chunk.length;
        }
      },
      { unix: fresh() },
    );
    // A check would be sent bytes as well.
    const pool = { health_check: { type: "off" } };
    const { config, port } = fullConfig({ backends: [at(pusher)], pool });
    using bal = await spawnBal({ config });
    using client = await connect(port, { isPaused: true });
    let before = -1;
    await until("nothing moves any more", async () => {
      const isStill = sent === before && sent > 0;
      before = sent;
      await Bun.sleep(300);
      return isStill;
    });
    expect(sent).toBeLessThan(20_000_000);
    client.reset();
    await bal.untilIdle();
  });
});

/** Answers with its name at a path that Bun.listen takes for abstract. */
function listeningAbstract(path: string): Disposable & { readonly name: string } {
  const listener = Bun.listen({
    unix: `\0${path.slice(1)}`,
    socket: {
      data: (socket) => {
        socket.write("abstract");
        socket.end();
      },
    },
  });
  return { name: "abstract", [Symbol.dispose]: () => listener.stop(true) };
}

describe("a client notices nothing", () => {
  test("of one that is not there, refuses, or has a full queue", async () => {
    const full = fresh();
    using _full = listeningUnix(full, 0);
    using _first = await Bun.connect({ unix: full, socket: { data() {} } });
    const stale = fresh();
    listeningUnix(stale)[Symbol.dispose]();
    using good = namedPeer("good", { unix: fresh() });
    const bad = [fresh(), stale, full].map((unix) => ({ unix }));
    const { config, port } = fullConfig(
      { backends: [...bad, at(good)], pool: { method: "first", health_check: { type: "off" } } },
      { retries: 3 },
    );
    using bal = await spawnBal({ config });
    expect((await exchange(port, "?")).text).toBe("good");
    const { pools } = await bal.status();
    expect(pools[0]?.backends.map(({ dial_errors }) => dial_errors)).toEqual([1, 1, 1, 0]);
    const metrics = (await (await bal.get("/metrics"))?.text()) ?? "";
    const errors = metrics.split("\n").filter((line) => /dial_errors_total.* 1$/.test(line));
    expect(errors.map((line) => /error="(\w+)"/.exec(line)?.[1]).toSorted()).toEqual([
      ...["refused", "refused", "unreachable"],
    ]);
  });

  test("of one whose socket goes: it is down, and up again when the file is back", async () => {
    using one = namedPeer("one", { unix: fresh() });
    using two = namedPeer("two", { unix: fresh() });
    const { config, port } = fullConfig({
      backends: [at(one), at(two)],
      pool: { method: "first", health_check: quick },
    });
    using bal = await spawnBal({ config });
    await bal.untilState(one.unix ?? "", "up");
    one.refuse();
    expect((await exchange(port, "?")).text).toBe("two");
    await bal.untilState(one.unix ?? "", "down");
    expect((await bal.status()).pools[0]?.backends[0]?.reason).toBe(
      "check failed: there is no such socket (ENOENT)",
    );
    one.start();
    await bal.untilState(one.unix ?? "", "up");
    expect((await exchange(port, "?")).text).toBe("one");
  });
});

describe("it is checked", () => {
  const hostOf = async (check: ConfigObject): Promise<string> => {
    let asked = "";
    using server = peer(
      async (wire) => {
        asked = await wire.read(20);
        while (!asked.endsWith("\r\n\r\n")) asked = await wire.read(asked.length + 1);
        await wire.send("HTTP/1.1 204 No Content\r\n\r\n");
        wire.finish();
      },
      { unix: fresh() },
    );
    const { config } = fullConfig({
      backends: [at(server)],
      pool: { health_check: { ...quick, type: "http", path: "/health", ...check } },
    });
    using bal = await spawnBal({ config });
    await bal.untilState(server.unix ?? "", "up");
    expect(asked).toStartWith("GET /health HTTP/1.1\r\n");
    return /^Host: (.*)\r$/m.exec(asked)?.[1] ?? "";
  };

  test("by HTTP, as localhost unless it is told another name", async () => {
    expect(await hostOf({})).toBe("localhost");
    expect(await hostOf({ host: "app.internal" })).toBe("app.internal");
  });

  test("by bytes of your own", async () => {
    using good = peer((wire) => void wire.read(4).then(() => wire.send("+PONG")), {
      unix: fresh(),
    });
    using bad = peer((wire) => void wire.send("-ERR"), { unix: fresh() });
    const check = { ...quick, type: "exchange", send: "PING", expect: "+PONG" };
    const { config } = fullConfig({ backends: [at(good), at(bad)], pool: { health_check: check } });
    using bal = await spawnBal({ config });
    await bal.untilState(good.unix ?? "", "up");
    await bal.untilState(bad.unix ?? "", "down");
  });

  test("by TLS, with the name that the check says", async () => {
    const made = Bun.spawnSync(
      [
        ...["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90"],
        ...["-subj", "/CN=a.example", "-addext", "subjectAltName=DNS:a.example"],
        ...["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")],
      ],
      { stdout: "ignore", stderr: "ignore" },
    );
    expect(made.exitCode).toBe(0);
    const path = fresh();
    const names: (string | false)[] = [];
    const tls = {
      cert: Bun.file(join(folder, "cert.pem")),
      key: Bun.file(join(folder, "key.pem")),
    };
    const server = Bun.listen({
      unix: path,
      tls,
      socket: {
        data() {},
        handshake: (socket) =>
          void names.push((socket as { servername?: string }).servername ?? false),
      },
    });
    const { config } = fullConfig({
      backends: [{ unix: path }],
      pool: { health_check: { ...quick, type: "tls", server_name: "a.example" } },
    });
    using bal = await spawnBal({ config });
    await bal.untilState(path, "up");
    server.stop(true);
    await bal.untilState(path, "down");
  });
});

test("it is told who the client is by a PROXY header", async () => {
  const header = "PROXY TCP4 127.0.0.5 127.0.0.1 ";
  using told = peer(
    async (wire) => {
      await wire.send(await wire.read(header.length));
      wire.finish();
    },
    { unix: fresh() },
  );
  const { config, port } = fullConfig({ backends: [at(told)], pool: { proxy_protocol: "v1" } });
  using _ = await spawnBal({ config });
  expect((await exchangeFrom("127.0.0.5", port)).text.slice(0, header.length)).toBe(header);
});

test("another path under the same name is another place: its sessions live on, its health is asked anew", async () => {
  using one = holdingPeer("one", { unix: fresh() });
  const backend = (unix: string | null) => [{ unix, name: "app" }];
  const pool = { health_check: quick };
  const { config, port } = fullConfig({ backends: backend(one.unix), pool }, { watch: false });
  using bal = await spawnBal({ config });
  using client = await connect(port);
  await client.send("?");
  await client.read(3);
  const path = fresh();
  const report = await bal.reload(
    fullConfig({ backends: backend(path), pool }, { port, watch: false }).config,
  );
  expect(report.changes).toEqual([
    { kind: "changed", path: "pools.web.backends.app.unix", from: one.unix, to: path },
  ]);
  await until(
    "it is down",
    async () => (await bal.status()).pools[0]?.backends[0]?.state === "down",
  );
  using two = namedPeer("two", { unix: path });
  await until("it is up", async () => (await bal.status()).pools[0]?.backends[0]?.state === "up");
  expect((await exchange(port, "?")).text).toBe(two.unix === path ? "two" : "");
  await client.send("!");
  client.finish();
  expect((await client.readToEnd()).text).toBe("one");
});

test("it is drained by its name, and a binary upgrade knows it again", async () => {
  using one = namedPeer("one", { unix: fresh() });
  using two = namedPeer("two", { unix: fresh() });
  const { config, port } = fullConfig({ backends: [at(one), at(two)] }, { watch: false });
  using bal = await spawnBal({ config });
  await bal.untilState(two.unix ?? "", "up");
  expect((await bal.run("drain", `unix:${one.unix}`)).code).toBe(0);
  for (let i = 0; i < 4; i++) expect((await exchange(port, "?")).text).toBe("two");
  await bal.upgrade();
  const states = (await bal.status()).pools[0]?.backends.map(({ state }) => state);
  expect(states).toEqual(["draining", "up"]);
  expect((await bal.run("undrain", `web/unix:${one.unix}`)).code).toBe(0);
});

test("`bal doctor` tells a socket that is not there from one that nobody listens on", async () => {
  const stale = fresh();
  listeningUnix(stale)[Symbol.dispose]();
  const gone = fresh();
  const { config } = fullConfig({ backends: [{ unix: stale }, { unix: gone }] });
  using bal = await spawnBal({ config });
  const { code, stdout } = await bal.run("doctor", "-c", bal.file);
  expect(code).toBe(1);
  expect(stdout).toContain(`web/unix:${stale} refuses connections`);
  expect(stdout).toContain(`web/unix:${gone} has no socket at this path`);
});

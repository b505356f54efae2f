// Listeners on unix sockets: clients are relayed as over TCP, and the file is bal's as long as it listens.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { at, type Bal, type ConfigObject, fullConfig, spawnBal } from "../../support/bal.ts";
import { hashOf, hashSink, randomChunks } from "../../support/bytes.ts";
import { listeningUnix } from "../../support/listening.ts";
import {
  echoPeer,
  halfClosePeer,
  holdingPeer,
  namedPeer,
  peer,
  resetPeer,
} from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { connect, exchange, type Wire } from "../../support/wire.ts";

setDefaultTimeout(60_000);

let folder = "";
let made = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bal-unix-listeners-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A path that nothing has. */
const fresh = () => join(folder, `${++made}.sock`);

type Extra = {
  readonly listener?: ConfigObject;
  readonly pool?: ConfigObject;
  readonly [key: string]: unknown;
};

/** Listener `edge` at a path, before these. */
function configAt(path: string, backends: readonly ConfigObject[], extra: Extra = {}) {
  const { listener, pool = {}, ...rest } = extra;
  const edge = { unix: path, ...listener };
  return fullConfig({ backends, pool, listener: edge }, { watch: false, ...rest }).config;
}

const modeAt = (path: string) => statSync(path).mode & 0o777;
const refusal = (path: string) =>
  exchange(path, "?").then(
    () => "served",
    (error) => error.code as string,
  );

describe("clients are relayed", () => {
  test("and the listener has its path for an address, in all that tells of it", async () => {
    const path = fresh();
    using one = holdingPeer("one");
    using bal = await spawnBal({ config: configAt(path, [at(one)]) });
    using client = await connect(path);
    await client.send("?");
    await client.read(3);
    const address = `unix:${path}`;
    const { listeners } = await bal.status();
    expect(listeners).toMatchObject([
      { name: "edge", address, pool: "web", active: 1, accepted: 1, refused: 0 },
    ]);
    expect((await bal.run("status")).stdout).toContain(address);
    const sessions = await (await bal.get("/v1/sessions"))?.json();
    const own = { listener: "edge", client: null, phase: "relaying" };
    expect(sessions).toMatchObject({ sessions: [own] });
    expect((await bal.run("sessions")).stdout).toContain("edge");
    const metrics = await (await bal.get("/metrics"))?.text();
    expect(metrics).toContain('bal_listener_connections_total{listener="edge"} 1');
    expect(bal.logs().find(({ event }) => event === "listening")).toMatchObject({ address });
  });

  test("in the abstract namespace", async () => {
    const path = `@bal-listeners-${process.pid}`;
    using one = namedPeer("one");
    using bal = await spawnBal({ config: configAt(path, [at(one)]) });
    expect((await exchange(path, "?")).text).toBe("one");
    expect((await bal.status()).listeners[0]?.address).toBe(`unix:${path}`);
  });

  test("with half closes, either way round", async () => {
    const path = fresh();
    using asked = halfClosePeer((text) => `got ${text}`);
    using _ = await spawnBal({ config: configAt(path, [at(asked)]) });
    expect(await exchange(path, "a question")).toEqual({ ending: "eof", text: "got a question" });
  });

  test.each(["1", "200000", "1000000000"])(
    "and 20 MB there and back arrive whole, to TCP and to another unix socket, spliced after %s bytes",
    async (after) => {
      for (const unix of [null, fresh()]) {
        const path = fresh();
        using backend = echoPeer(unix === null ? {} : { unix });
        const config = configAt(path, [at(backend)]);
        using _ = await spawnBal({ config, env: { BAL_SPLICE_AFTER: after } });
        using client = await connect(path);
        const hash = hashSink();
        client.sink = hash.sink;
        void client.pump(randomChunks(7, 20_000_000)).then(() => client.finish());
        expect(await client.ended).toBe("eof");
        expect(hash.digest()).toBe(hashOf(randomChunks(7, 20_000_000)));
      }
    },
  );

  test.each(["1", "1000000000"])(
    "and a slow one pauses its backend, spliced after %s bytes",
    async (after) => {
      let sent = 0;
      using pusher = peer(async (wire) => {
        for (const chunk of randomChunks(3, 200_000_000)) {
          if (!(await wire.send(chunk))) return;
          sent += chunk.length;
        }
      });
      const path = fresh();
      // A check would be sent bytes as well.
      const config = configAt(path, [at(pusher)], { pool: { health_check: { type: "off" } } });
      using bal = await spawnBal({ config, env: { BAL_SPLICE_AFTER: after } });
      using client = await connect(path, { isPaused: true });
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
    },
  );

  test.each(["1", "1000000000"])(
    "a backend's reset ends them, and so does their own end its session, spliced after %s bytes",
    async (after) => {
      const path = fresh();
      using resetting = resetPeer("some");
      using bal = await spawnBal({
        config: configAt(path, [at(resetting)], { pool: { health_check: { type: "off" } } }),
        env: { BAL_SPLICE_AFTER: after },
      });
      using client = await connect(path);
      await client.read(4);
      await client.send("?");
      await client.ended;
      using other = await connect(path);
      await other.read(4);
      other.reset();
      await bal.untilIdle();
      const { pools } = await bal.status();
      expect(pools[0]?.backends[0]).toMatchObject({ total: 2, active: 0 });
    },
  );

  test("by any of the workers, and one that is full lets them wait", async () => {
    const path = fresh();
    using one = holdingPeer("one");
    const limits = { max_connections: 2, overload: "wait" };
    using bal = await spawnBal({ config: configAt(path, [at(one)], { workers: 2, limits }) });
    const clients = await Promise.all(Array.from({ length: 6 }, () => connect(path)));
    for (const client of clients) void client.send("?");
    const served = () => clients.filter(({ bytesReceived }) => bytesReceived > 0);
    await until("two are served", () => served().length >= 2);
    // Both workers may take one in the same moment.
    expect((await bal.status()).listeners[0]?.accepted).toBeLessThanOrEqual(3);
    const ended = new Set<Wire>();
    await until("each has had its turn", () => {
      for (const client of served()) {
        if (!ended.has(client)) client.finish();
        ended.add(client);
      }
      return served().length === 6;
    });
    for (const client of clients) client.reset();
    await bal.untilIdle();
    expect((await bal.status()).listeners[0]).toMatchObject({ accepted: 6, refused: 0 });
  });

  test("and limits that need no address hold", async () => {
    const path = fresh();
    using one = holdingPeer("one");
    const listener = { limits: { max_connections: 1 } };
    using bal = await spawnBal({ config: configAt(path, [at(one)], { listener }) });
    using first = await connect(path);
    await first.send("?");
    await first.read(3);
    using second = await connect(path);
    await second.closed;
    expect(second.bytesReceived).toBe(0);
    expect((await bal.status()).listeners[0]).toMatchObject({ active: 1, refused: 1 });
  });
});

test.each([
  ["v1", "PROXY UNKNOWN\r\n?"],
  ["v2", "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0?"],
])("a PROXY header %s says that there is no address", async (version, header) => {
  const path = fresh();
  using told = peer(async (wire) => {
    await wire.send(await wire.read(header.length));
    wire.finish();
  });
  const pool = { proxy_protocol: version, health_check: { type: "off" } };
  using _ = await spawnBal({ config: configAt(path, [at(told)], { pool }) });
  expect((await exchange(path, "?")).text).toBe(header);
});

describe("peers that announce their clients", () => {
  const header = "PROXY TCP4 10.1.2.3 10.9.9.9 4711 443\r\n";

  test("are believed: lists, the log of sessions and the backend's header go by that address", async () => {
    const path = fresh();
    using told = peer(async (wire) => {
      await wire.send(await wire.read(header.length + 1));
      void wire.ended.then(() => wire.finish());
    });
    const listener = { proxy_protocol: {}, allow: ["10.1.0.0/16"], limits: { per_client: 1 } };
    const pool = { proxy_protocol: "v1", health_check: { type: "off" } };
    using bal = await spawnBal({ config: configAt(path, [at(told)], { listener, pool }) });
    using client = await connect(path);
    await client.send(`${header}?`);
    expect(await client.read(header.length + 1)).toBe(`${header}?`);
    const sessions = await (await bal.get("/v1/sessions"))?.json();
    expect(sessions).toMatchObject({ sessions: [{ client: "10.1.2.3:4711" }] });
    const refused = async (text: string) => (await exchange(path, text)).text === "";
    expect(await refused(`${header}?`)).toBe(true);
    expect(await refused("PROXY TCP4 10.2.0.1 10.9.9.9 1 443\r\n?")).toBe(true);
    // Without an address it is in no list.
    expect(await refused("PROXY UNKNOWN\r\n?")).toBe(true);
    expect(await refused("no header at all")).toBe(true);
    expect((await bal.status()).listeners[0]).toMatchObject({ accepted: 5, refused: 4 });
  });

  test("may be mixed with others", async () => {
    const path = fresh();
    using echo = echoPeer();
    const listener = { proxy_protocol: { optional: true } };
    using _ = await spawnBal({ config: configAt(path, [at(echo)], { listener }) });
    expect((await exchange(path, `${header}announced`)).text).toBe("announced");
    expect((await exchange(path, "not")).text).toBe("not");
  });
});

describe("the file", () => {
  const start = (path: string, extra: Extra = {}) =>
    spawnBal({ config: configAt(path, [{ host: "127.0.0.1", port: freePort() }], extra) });
  const reload = (bal: Bal, path: string, extra: Extra = {}) =>
    bal.reload(configAt(path, [{ host: "127.0.0.1", port: freePort() }], extra));

  test("is its owner's and group's, or has the mode that is written; a reload changes it in place", async () => {
    const path = fresh();
    using bal = await start(path);
    const { ino } = statSync(path);
    expect(modeAt(path)).toBe(0o660);
    await reload(bal, path, { listener: { mode: "0606" } });
    expect([modeAt(path), statSync(path).ino]).toEqual([0o606, ino]);
    await reload(bal, path);
    expect([modeAt(path), statSync(path).ino]).toEqual([0o660, ino]);
    expect(await bal.stop()).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  test("goes with its listener, and sessions live on", async () => {
    const [path, other] = [fresh(), fresh()];
    using echo = echoPeer();
    using bal = await spawnBal({ config: configAt(path, [at(echo)]) });
    using client = await connect(path);
    void client.send("before ");
    await client.read(7);
    await bal.reload(configAt(other, [at(echo)]));
    expect([existsSync(path), existsSync(other), await refusal(path)]).toEqual([
      ...[false, true, "ENOENT"],
    ]);
    expect((await exchange(other, "hi")).text).toBe("hi");
    void client.send("after");
    client.finish();
    expect(await client.readToEnd()).toEqual({ ending: "eof", text: "before after" });
  });

  test("of a bal that was killed does not stop the next one", async () => {
    const path = fresh();
    using one = namedPeer("one");
    const config = configAt(path, [at(one)]);
    {
      using bal = await spawnBal({ config });
      bal.signal("SIGKILL");
      await bal.exited;
    }
    expect([existsSync(path), await refusal(path)]).toEqual([true, "ECONNREFUSED"]);
    using _ = await spawnBal({ config });
    expect((await exchange(path, "?")).text).toBe("one");
  });

  test("of somebody else's stops a start, and a reload before anything has changed", async () => {
    const [path, taken, file] = [fresh(), fresh(), fresh()];
    using _ = listeningUnix(taken);
    writeFileSync(file, "precious");
    using bal = await start(path);
    for (const [wrong, code] of [
      [taken, "address-in-use"],
      [file, "address-in-use"],
      [join(folder, "none/a.sock"), "address-not-available"],
    ] as const) {
      bal.write(configAt(wrong, [{ host: "127.0.0.1", port: 1 }]));
      const { code: exit, stdout } = await bal.run("graceful", "--json");
      expect([exit, JSON.parse(stdout).error.code]).toEqual([1, code]);
      await expect(start(wrong)).rejects.toThrow("it ended with 1");
    }
    expect([existsSync(path), existsSync(taken), existsSync(file)]).toEqual([true, true, true]);
    expect((await bal.status()).config.generation).toBe(1);
  });

  test("that was replaced by another's is left alone", async () => {
    const path = fresh();
    using bal = await start(path);
    rmSync(path);
    using _ = listeningUnix(path);
    const { code, stdout } = await bal.run("doctor", "-c", bal.file);
    expect([code, stdout]).toEqual([1, expect.stringContaining("unix-sockets")]);
    expect(await bal.stop()).toBe(0);
    expect(existsSync(path)).toBe(true);
  });
});

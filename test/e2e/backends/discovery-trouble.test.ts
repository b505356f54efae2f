// Backends from DNS, on the binary, with a name server that fails, falls silent or answers nonsense.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { formatHostPort } from "../../../src/base/address.ts";
import { type Bal, type ConfigObject, spawnBal } from "../../support/bal.ts";
import { ZONE } from "../../support/name-server.ts";
import { NameStub, type StubAnswer } from "../../support/name-stub.ts";
import { namedPeer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { connect, exchange, type Wire } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const DNS = { dns: `app.${ZONE}` };

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

describe("a name server that is not well", () => {
  /** Says of `app` what `says` is. */
  async function stubbed(
    says: { now: StubAnswer },
    pool: ConfigObject,
    resolver: ConfigObject = {},
  ) {
    const stub = await NameStub.start((_, type) =>
      type === "A" || typeof says.now === "string" ? says.now : [],
    );
    const port = freePort();
    const written = {
      resolver: {
        servers: [formatHostPort(stub.address.ip, stub.address.port)],
        interval: "1s",
        ...resolver,
      },
      health_check: { type: "off" },
      listeners: [{ name: "edge", bind_address: "127.0.0.1", port, pool: "web" }],
      pools: { web: pool },
    };
    return { stub, port, config: written };
  }

  test("empties the pool once it has said for long enough that there is nothing", async () => {
    using a = namedPeer("a");
    const says: { now: StubAnswer } = { now: ["127.0.0.1"] };
    const discover = { discover: { ...DNS, port: a.port } };
    const { stub, port, config: written } = await stubbed(says, discover, { hold: "2s" });
    using _stub = stub;
    using bal = await spawnBal({ config: written });
    expect(await answers(port)).toEqual(["a"]);
    says.now = "fail";
    await until("it is told", () => logged(bal, "dns-fails").length > 0);
    expect(await answers(port)).toEqual(["a"]);
    using client = await connect(port);
    says.now = "nx";
    await until("it is gone", () => logged(bal, "dns-gone").length > 0);
    await until("nobody is served", async () => (await answers(port, 1)).join() === "");
    expect(await lastWords(client)).toBe("a");
    says.now = ["127.0.0.1"];
    await until("it is back", async () => (await answers(port, 1)).join() === "a");
  });

  test("what an operator has set waits for a backend that is away", async () => {
    using a = namedPeer("a");
    const says: { now: StubAnswer } = { now: ["127.0.0.1", "127.0.0.2"] };
    const { stub, config: written } = await stubbed(says, { discover: { ...DNS, port: a.port } });
    using _stub = stub;
    using bal = await spawnBal({ config: written });
    const [one, two] = ["127.0.0.1", "127.0.0.2"].map((ip) => `${ip}:${a.port}`) as [
      string,
      string,
    ];
    await untilNames(bal, one, two);
    expect((await bal.run("drain", `web/${two}`)).code).toBe(0);
    says.now = ["127.0.0.1"];
    await untilNames(bal, one);
    // Its row is free: others may have it.
    await until("its row is another's", async () => {
      says.now = ["127.0.0.1", "127.0.0.3"];
      return (await rowsOf(bal)).length === 2;
    });
    says.now = ["127.0.0.1", "127.0.0.2"];
    const rows = await untilNames(bal, one, two);
    expect(rows.find(({ name }) => name === two)).toMatchObject({
      state: "draining",
      override: { drain: true },
    });
  });

  test("does not keep a process that takes over from serving", async () => {
    using a = namedPeer("a");
    const says: { now: StubAnswer } = { now: ["127.0.0.1"] };
    const pool = {
      discover: { ...DNS, port: a.port },
      backends: [{ host: `db.${ZONE}`, port: a.port, name: "db" }],
    };
    const { stub, port, config: written } = await stubbed(says, pool);
    using _stub = stub;
    using bal = await spawnBal({ config: written });
    expect(await answers(port)).toEqual(["a"]);
    says.now = "silent";
    await bal.upgrade();
    expect(await answers(port)).toEqual(["a"]);
    expect((await rowsOf(bal)).map(({ name, state }) => [name, state])).toEqual([
      ["db", "up"],
      [`127.0.0.1:${a.port}`, "up"],
    ]);
  });

  test("that sends clients back to bal is not followed", async () => {
    using a = namedPeer("a", { host: "127.0.0.2" });
    const says: { now: StubAnswer } = { now: ["0.0.0.0", "127.0.0.1", "127.0.0.2"] };
    const { stub, config: written } = await stubbed(says, { discover: { ...DNS, port: a.port } });
    using _stub = stub;
    const listeners = [{ name: "edge", bind_address: "127.0.0.1", port: a.port, pool: "web" }];
    using bal = await spawnBal({ config: { ...written, listeners } });
    await untilNames(bal, `127.0.0.2:${a.port}`);
    expect(await answers(a.port)).toEqual(["a"]);
    expect(logged(bal, "dns-unusable")).toMatchObject([{ addresses: "0.0.0.0" }]);
    expect(logged(bal, "own-address")).toMatchObject([{ address: `127.0.0.1:${a.port}` }]);
  });

  test("that says nothing does not hold up the start for long, and status says what is waited for", async () => {
    const says: { now: StubAnswer } = { now: "silent" };
    const pool = {
      discover: { ...DNS, port: 1 },
      backends: [{ host: `db.${ZONE}`, port: 1, name: "db" }],
    };
    const { stub, config: written } = await stubbed(says, pool);
    using _stub = stub;
    using bal = await spawnBal({ config: written });
    const reasons = async () => {
      const { pools, problems } = await bal.status();
      return JSON.stringify([pools[0]!.backends[0]!.reason, problems]);
    };
    const waiting = (name: string) =>
      new RegExp(`${name} (of pool web )?(does not resolve|has no answer yet)`);
    expect(await reasons()).toMatch(waiting(`db.${ZONE}`));
    expect(await reasons()).toMatch(waiting(`app.${ZONE}`));
    says.now = ["127.0.0.1"];
    await until("both have an answer", async () => !/resolve|first answer/.test(await reasons()));
  });

  test("that names more backends than a pool takes is not followed beyond them", async () => {
    using a = namedPeer("a");
    const says: { now: StubAnswer } = { now: [1, 2, 3, 4].map((n) => `127.0.0.${n}`) };
    const discover = { discover: { ...DNS, port: a.port, max: 2 } };
    const { stub, config: written } = await stubbed(says, discover);
    using _stub = stub;
    using bal = await spawnBal({ config: written });
    await untilNames(bal, `127.0.0.1:${a.port}`, `127.0.0.2:${a.port}`);
    expect(logged(bal, "discovery-cut")).toMatchObject([
      { pool: "web", cause: "max", left_out: 2 },
    ]);
    expect((await bal.status()).pools[0]).toMatchObject({ discover: { left_out: 2 } });
    expect((await bal.run("status")).stdout).toContain("leaves out 2 backends");
  });
});

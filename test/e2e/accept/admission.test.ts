// Whom a listener lets in, how many, and for how long.

import { expect, setDefaultTimeout, test } from "bun:test";
import { once } from "node:events";
import { createConnection } from "node:net";
import { at, fullConfig, spawnBal } from "../../support/bal.ts";
import { echoPeer, namedPeer } from "../../support/peer.ts";
import { until } from "../../support/until.ts";
import { connect, exchange, exchangeFrom, type ReadToEnd } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const served: ReadToEnd = { ending: "eof", text: "a" };
const refused: ReadToEnd = { ending: "reset", text: "" };

test("allow and deny decide by address before anything is dialled; deny wins", async () => {
  using a = namedPeer("a");
  const form = (listener: object) => ({ backends: [at(a)], listener: { ...listener } });
  const rules = { allow: ["127.0.0.0/24", "127.0.9.9"], deny: ["127.0.0.64/26", "::/0"] };
  const { config, port } = fullConfig(form(rules));
  using bal = await spawnBal({ config });
  const answers = async () =>
    await Promise.all(
      ["127.0.0.1", "127.0.0.65", "127.0.9.9", "127.0.9.8"].map((from) => exchangeFrom(from, port)),
    );
  expect(await answers()).toEqual([served, refused, served, refused]);
  expect((await bal.status()).listeners[0]).toMatchObject({ accepted: 4, refused: 2 });
  await bal.reload(fullConfig(form({}), { port }).config);
  expect(await answers()).toEqual([served, served, served, served]);
});

test("a dual-stack listener knows IPv4 clients by their IPv4 addresses", async () => {
  using a = namedPeer("a");
  const listener = { bind_address: "::", allow: ["127.0.0.1"] };
  const { config, port } = fullConfig({ backends: [at(a)], listener });
  using _ = await spawnBal({ config });
  expect(await exchangeFrom("127.0.0.1", port)).toEqual(served);
  expect(await exchangeFrom("127.0.0.2", port)).toEqual(refused);
});

test("limits.max_connections of a listener; refuse: close ends instead of resetting", async () => {
  using a = echoPeer();
  const listener = { limits: { max_connections: 2 } };
  const { config, port } = fullConfig(
    { backends: [at(a)], listener },
    { workers: 2, limits: { refuse: "close" } },
  );
  using bal = await spawnBal({ config });
  const open = async () => {
    const wire = await connect(port);
    await wire.send("x");
    await wire.read(1);
    return wire;
  };
  using first = await open();
  using _ = await open();
  const third = await connect(port);
  expect(await third.ended).toBe("eof");
  expect((await bal.status()).listeners[0]).toMatchObject({ active: 2, refused: 1 });
  first.finish();
  await first.ended;
  // The client may see the end before its place is free.
  const isFree = async () => (await bal.status()).listeners[0]?.active === 1;
  await until("its place is free", isFree);
  using next = await open();
  expect(next.isClosed).toBe(false);
});

test("max_lifetime ends a session however busy it is, copied and spliced", async () => {
  using a = echoPeer();
  const listener = { timeouts: { max_lifetime: "2s" } };
  const { config, port } = fullConfig({ backends: [at(a)], listener });
  using _ = await spawnBal({ config, env: { BAL_SPLICE_AFTER: "1000" } });
  const life = async (bytes: number) => {
    using wire = await connect(port);
    const startedAtMs = performance.now();
    wire.sink = () => {};
    while (!wire.isClosed && (await wire.send(new Uint8Array(bytes)))) await Bun.sleep(20);
    return performance.now() - startedAtMs;
  };
  for (const ms of await Promise.all([life(10), life(2000)])) {
    expect(ms).toBeGreaterThan(1700);
    expect(ms).toBeLessThan(5000);
  }
});

test("a listener's own timeouts stand over the global ones", async () => {
  using a = echoPeer();
  const { config, port } = fullConfig(
    { backends: [at(a)], listener: { timeouts: { idle: "1s" } } },
    { timeouts: { idle: "1h" } },
  );
  using _ = await spawnBal({ config });
  expect(await exchange(port, "")).toMatchObject({ ending: "eof" });
  using wire = await connect(port);
  await wire.send("x");
  await wire.read(1);
  expect(await wire.ended).toBe("reset");
});

test("limits.per_client counts each address by itself, over all workers", async () => {
  using a = echoPeer();
  const listener = { limits: { per_client: 2 } };
  const { config, port } = fullConfig({ backends: [at(a)], listener }, { workers: 2 });
  using bal = await spawnBal({ config });
  const open = async () => {
    const wire = await connect(port);
    await wire.send("x");
    expect(await wire.read(1)).toBe("x");
    return wire;
  };
  const [one, two] = [await open(), await open()];
  expect(await exchangeFrom("127.0.0.1", port)).toEqual(refused);
  const other = createConnection({ host: "127.0.0.1", port, localAddress: "127.0.0.2" });
  other.write("y");
  expect(String((await once(other, "data"))[0])).toBe("y");
  other.destroy();
  one.finish();
  await one.ended;
  await until("its place is free", async () => (await bal.status()).listeners[0]?.active === 1);
  using _ = await open();
  two.finish();
});

test("rates: so many new connections a second, of all and of one address", async () => {
  using a = namedPeer("a");
  const listener = { limits: { rate_per_client: "3/s" } };
  const { config, port } = fullConfig({ backends: [at(a)], listener }, { workers: 2 });
  using bal = await spawnBal({ config });
  const burst = async (from: string, count: number) =>
    await Promise.all(Array.from({ length: count }, () => exchangeFrom(from, port)));
  const served = (answers: readonly ReadToEnd[]) =>
    answers.filter(({ text }) => text === "a").length;
  expect(served(await burst("127.0.0.1", 12))).toBeWithin(3, 6);
  expect(served(await burst("127.0.0.2", 2))).toBe(2);
  await bal.reload(
    fullConfig({ backends: [at(a)], listener: { limits: { rate: "5/s" } } }, { port }).config,
  );
  const all = await Promise.all([burst("127.0.0.3", 10), burst("127.0.0.4", 10)]);
  expect(served(all.flat())).toBeWithin(5, 9);
});

test.skipIf(process.platform !== "linux")(
  "defer_accept leaves a client that says nothing with the kernel, and is changed by a reload",
  async () => {
    using a = namedPeer("a");
    const form = (listener: object) => ({ backends: [at(a)], listener: { ...listener } });
    const { config, port } = fullConfig(form({ defer_accept: true, tcp_fast_open: true }));
    using bal = await spawnBal({ config });
    const accepted = async () => (await bal.status()).listeners[0]?.accepted;
    using silent = await connect(port);
    expect((await exchange(port, "?")).text).toBe("a");
    expect(await accepted()).toBe(1);
    await silent.send("?");
    expect(await silent.read(1)).toBe("a");
    await bal.reload(fullConfig(form({}), { port }).config);
    using _ = await connect(port);
    await until("it is taken without a word", async () => (await accepted()) === 3);
  },
);

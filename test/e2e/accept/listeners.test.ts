// Listeners that come, go and change in a reload.
import { expect, setDefaultTimeout, test } from "bun:test";
import { type Bal, type ConfigObject, spawnBal } from "../../support/bal.ts";
import { echoPeer, namedPeer, type Peer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { connect, exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

type Listener = { name: string; port: number; bind_address?: string; pool?: string };

/** The full form: listeners in front of pools of one backend each. */
function fullConfig(listeners: readonly Listener[], pools: Readonly<Record<string, Peer>>) {
  const config: ConfigObject = {
    watch: false,
    listeners: listeners.map((listener) => ({
      bind_address: "127.0.0.1",
      pool: "web",
      ...listener,
    })),
    pools: Object.fromEntries(
      Object.entries(pools).map(([name, { port }]) => [
        name,
        { backends: [{ host: "127.0.0.1", port }] },
      ]),
    ),
  };
  return config;
}

const refusal = (port: number) => exchange(port, "?").catch((error) => error.code);

test("each listener serves its own pool", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  const [one, two] = [freePort(), freePort()];
  using _bal = await spawnBal({
    config: fullConfig(
      [
        { name: "one", port: one, pool: "web" },
        { name: "two", port: two, pool: "api" },
      ],
      { web: a, api: b },
    ),
  });
  expect((await exchange(one, "?")).text).toBe("a");
  expect((await exchange(two, "?")).text).toBe("b");
});

test("a listener is added and removed; what it had lives on", async () => {
  using a = echoPeer();
  const [one, two] = [freePort(), freePort()];
  const first = { name: "one", port: one };
  const second = { name: "two", port: two };
  using bal = await spawnBal({ config: fullConfig([first], { web: a }) });
  expect(await refusal(two)).toBe("ECONNREFUSED");

  await bal.reload(fullConfig([first, second], { web: a }));
  expect((await exchange(two, "hi")).text).toBe("hi");
  using client = await connect(two);
  void client.send("before ");
  await client.read(7);

  await bal.reload(fullConfig([first], { web: a }));
  await until("the port refuses", async () => (await refusal(two)) === "ECONNREFUSED");
  expect((await exchange(one, "hi")).text).toBe("hi");
  void client.send("after");
  client.finish();
  expect(await client.readToEnd()).toEqual({ ending: "eof", text: "before after" });
});

test("a listener changes its port; the old one refuses and its sessions live on", async () => {
  using a = echoPeer();
  const [one, two] = [freePort(), freePort()];
  using bal = await spawnBal({ config: fullConfig([{ name: "edge", port: one }], { web: a }) });
  using client = await connect(one);
  void client.send("before ");
  await client.read(7);
  await bal.reload(fullConfig([{ name: "edge", port: two }], { web: a }));
  expect((await exchange(two, "hi")).text).toBe("hi");
  await until("the old port refuses", async () => (await refusal(one)) === "ECONNREFUSED");
  void client.send("after");
  client.finish();
  expect(await client.readToEnd()).toEqual({ ending: "eof", text: "before after" });
});

test("a listener is renamed, and no client is refused meanwhile", async () => {
  using a = namedPeer("a");
  const port = freePort();
  using bal = await spawnBal({ config: fullConfig([{ name: "old", port }], { web: a }) });
  const counts = await duringReloads(bal, port, async () => {
    for (const name of ["new", "newer", "old", "last"]) {
      await bal.reload(fullConfig([{ name, port }], { web: a }));
    }
  });
  expect(counts.wrong).toEqual([]);
  expect((await bal.status()).listeners.map(({ name }) => name)).toEqual(["last"]);
});

test("a listener moves from all addresses to one of them and back", async () => {
  using a = namedPeer("a");
  const port = freePort();
  const at = (bind_address: string) =>
    fullConfig([{ name: "edge", port, bind_address }], { web: a });
  using bal = await spawnBal({ config: at("0.0.0.0") });
  for (const address of ["127.0.0.1", "0.0.0.0"]) {
    await bal.reload(at(address));
    expect((await exchange(port, "?")).text).toBe("a");
    expect((await bal.status()).listeners[0]!.address).toBe(`${address}:${port}`);
  }
});

test("a listener goes to another pool without a new socket", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  const port = freePort();
  const to = (pool: string) => fullConfig([{ name: "edge", port, pool }], { web: a, api: b });
  using bal = await spawnBal({ config: to("web") });
  expect((await exchange(port, "?")).text).toBe("a");
  await bal.reload(to("api"));
  expect((await exchange(port, "?")).text).toBe("b");
});

test("two listeners swap their ports", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  const [one, two] = [freePort(), freePort()];
  const swapped = (x: number, y: number) =>
    fullConfig(
      [
        { name: "x", port: x, pool: "web" },
        { name: "y", port: y, pool: "api" },
      ],
      { web: a, api: b },
    );
  using bal = await spawnBal({ config: swapped(one, two) });
  await bal.reload(swapped(two, one));
  expect((await exchange(one, "?")).text).toBe("b");
  expect((await exchange(two, "?")).text).toBe("a");
});

/** Clients one after the other while `act` runs: what went wrong for them. */
async function duringReloads(bal: Bal, port: number, act: () => Promise<void>) {
  const counts = { wrong: [] as string[], served: 0 };
  let isOver = false;
  const load = async () => {
    while (!isOver) {
      const outcome = await exchange(port, "?").then(
        ({ ending }) => ending,
        (error) => String(error.code),
      );
      if (outcome === "eof") counts.served++;
      else counts.wrong.push(outcome);
    }
  };
  const clients = [load(), load(), load(), load()];
  await act();
  isOver = true;
  await Promise.all(clients);
  expect(bal.child.exitCode).toBeNull();
  return counts;
}

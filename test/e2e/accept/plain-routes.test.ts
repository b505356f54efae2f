// Clients that speak no TLS on a listener with routes, and those whose names are no hostnames.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawnBal } from "../../support/bal.ts";
import { peer } from "../../support/peer.ts";
import { ask, asking, receipt, routed } from "../../support/routed.ts";
import { until } from "../../support/until.ts";
import { connect } from "../../support/wire.ts";

setDefaultTimeout(60_000);

/** Says its name at once, before it is asked. */
const greeter = (name: string) =>
  peer(async (wire) => {
    await wire.send(name);
    await wire.ended;
    wire.finish();
  });

describe("clients that speak no TLS", () => {
  const routes = [
    { sni: ["a.test"], pool: "a" },
    { tls: false, pool: "plain" },
  ];

  test("take their own route with all that they sent, and TLS clients do not", async () => {
    using a = receipt("a");
    using plain = receipt("plain");
    const { port, config } = routed(routes, { a, plain });
    using bal = await spawnBal({ config });
    for (const bytes of [
      Buffer.from("GET / HTTP/1.1\r\n\r\n"),
      Buffer.from("SSH-2.0-OpenSSH_9\r\n"),
      Uint8Array.of(0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f),
      Uint8Array.of(22, 2, 1),
    ]) {
      const { text } = await ask(port, bytes);
      expect(text).toBe(`plain ${Buffer.from(bytes).toString("base64")}`);
    }
    expect((await ask(port, asking("a.test"))).text).toStartWith("a ");
    const refused = { text: "", ending: "reset" };
    expect(await ask(port, asking("b.test"))).toMatchObject(refused);
    expect(await ask(port, Uint8Array.of(22, 3, 1, 0, 0))).toMatchObject(refused);
    expect((await bal.status()).listeners[0]).toMatchObject({ routes });
  });

  test("and wait for their server to speak take it when the time for a hello is over", async () => {
    using a = receipt("a");
    using plain = greeter("plain");
    const timeouts = { preread: "200ms" };
    const { port, config } = routed(routes, { a, plain }, { timeouts });
    using _bal = await spawnBal({ config });
    using silent = await connect(port);
    await until("the server has spoken", () => silent.text() === "plain");
    // Half of a hello is no silence.
    using slow = await connect(port);
    await slow.send(asking("a.test").subarray(0, 20));
    expect(await slow.readToEnd()).toMatchObject({ text: "", ending: "reset" });
  });

  test("wait for nothing where all clients go to one pool", async () => {
    using web = greeter("web");
    const both = [
      { default: true, pool: "web" },
      { tls: false, pool: "web" },
    ];
    const { port, config } = routed(both, { web }, { timeouts: { preread: "60s" } });
    using _bal = await spawnBal({ config });
    using silent = await connect(port);
    await until("the server has spoken", () => silent.text() === "web");
  });
});

test("names that are no hostnames go to the default", async () => {
  using a = receipt("a");
  using rest = receipt("rest");
  const list = [
    { sni: ["*.a.test"], pool: "a" },
    { default: true, pool: "rest" },
  ];
  const { port, config } = routed(list, { a, rest });
  using _bal = await spawnBal({ config });
  for (const name of [".a.test", "x y.a.test", "b\u00c3\u00bc.a.test", "..", "x..a.test"]) {
    expect((await ask(port, asking(name))).text).toStartWith("rest ");
  }
  expect((await ask(port, asking("x.a.test"))).text).toStartWith("a ");
});

// Backends by name, and IPv6 on both sides.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { simpleConfig, spawnBal } from "../../support/bal.ts";
import { namedPeer } from "../../support/peer.ts";
import { until } from "../../support/until.ts";
import { exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

function hasIpv6(): boolean {
  try {
    Bun.listen({ hostname: "::1", port: 0, socket: { data() {} } }).stop(true);
    return true;
  } catch {
    return false;
  }
}

test("a backend may be named: localhost", async () => {
  using a = namedPeer("a");
  using bal = await spawnBal({ config: simpleConfig([{ host: "localhost", port: a.port }]) });
  await bal.untilState(a.port, "up");
  expect(await exchange(bal.port, "?")).toEqual({ ending: "eof", text: "a" });
});

test("a name that does not resolve is a backend that is not there, not an error at start", async () => {
  using a = namedPeer("a");
  using bal = await spawnBal({
    config: simpleConfig([{ host: "no-such-host.invalid", port: 80 }, a]),
  });
  await until("it is unresolved", async () => {
    const rows = (await bal.status()).pools[0]!.backends;
    return rows[0]!.state === "unresolved";
  });
  for (let i = 0; i < 4; i++) expect((await exchange(bal.port, "?")).text).toBe("a");
});

// Skipped on a host without ::1.
describe.skipIf(!hasIpv6())("with IPv6", () => {
  test("'::' takes clients of both families", async () => {
    using a = namedPeer("a");
    using bal = await spawnBal({ config: { ...simpleConfig([a]), bind_address: "::" } });
    expect((await exchange(bal.port, "?", { host: "::1" })).text).toBe("a");
    expect((await exchange(bal.port, "?", { host: "127.0.0.1" })).text).toBe("a");
  });

  test("a backend may live on ::1, and is named with brackets", async () => {
    using a = namedPeer("a", { host: "::1" });
    using bal = await spawnBal({ config: simpleConfig([{ host: "::1", port: a.port }]) });
    expect((await exchange(bal.port, "?")).text).toBe("a");
    const { pools } = await bal.status();
    expect(pools[0]!.backends[0]!.name).toBe(`[::1]:${a.port}`);
  });

  test("a name with two addresses is served by the one that listens", async () => {
    using a = namedPeer("a", { host: "::1" });
    using bal = await spawnBal({ config: simpleConfig([{ host: "localhost", port: a.port }]) });
    const { text } = await exchange(bal.port, "?").catch(() => ({ text: "refused" }));
    // Where localhost is 127.0.0.1 only, there is nothing to find.
    const both = (await Bun.dns.lookup("localhost")).some(({ address }) => address === "::1");
    if (both) expect(text).toBe("a");
  });
});

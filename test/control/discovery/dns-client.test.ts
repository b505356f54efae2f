// A real name server's answers. Skipped where there is no nsd.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { DnsClient } from "../../../src/control/discovery/dns-client.ts";
import { type NameServer, nameServer, nsd, ZONE } from "../../support/name-server.ts";
import { NameStub } from "../../support/name-stub.ts";
import { until } from "../../support/until.ts";

setDefaultTimeout(30_000);

function clientOf({ port }: NameServer, intervalMs = 10_000): DnsClient {
  return new DnsClient({ servers: [{ ip: "127.0.0.1", port }], intervalMs });
}

test("a name of /etc/hosts is what it says there, whatever servers are configured", async () => {
  const client = new DnsClient({ servers: [{ ip: "127.0.0.1", port: 1 }], intervalMs: 1000 });
  const { records, ttlMs } = await client.addresses("localhost", null);
  expect(records).toContainAnyValues(["127.0.0.1", "::1"]);
  expect(ttlMs).toBe(Number.POSITIVE_INFINITY);
});

test("without servers, what the system knows", async () => {
  const client = new DnsClient({ servers: [], intervalMs: 1000 });
  const { records } = await client.addresses("localhost", null);
  expect(records).toContainAnyValues(["127.0.0.1", "::1"]);
  await expect(client.addresses("no-such-host.invalid", null)).rejects.toThrow();
});

describe("of a server that says only a part", () => {
  const client = ({ address }: NameStub) =>
    new DnsClient({ servers: [address], intervalMs: 10_000 });

  test("addresses of the one family do not wait for the other, which comes later", async () => {
    using stub = await NameStub.start((_, type) => (type === "A" ? ["10.0.0.1"] : "silent"));
    const answer = await client(stub).addresses("a.test", null);
    expect(answer).toMatchObject({ records: ["10.0.0.1"], ttlMs: 1000 });
    // It is given up, and nothing was lost.
    expect(await answer.late).toMatchObject({ records: ["10.0.0.1"] });
  });

  test("what is known of a family that is not answered stays, of one that is it does not", async () => {
    using stub = await NameStub.start((_, type) => (type === "A" ? ["10.0.0.1"] : "fail"));
    const known = { records: ["10.0.0.9", "::9"], ttlMs: 0 };
    const { records } = await client(stub).addresses("a.test", known);
    expect(records).toEqual(["10.0.0.1", "::9"]);
  });

  test.each([
    ["a family that had an address says that there is none", ["10.0.0.9"], "ENOTFOUND"],
    ["the family that is not answered had one", ["::9"], "ESERVFAIL"],
    ["nothing was known", null, "ESERVFAIL"],
  ])("when %s", async (_, before, code) => {
    using stub = await NameStub.start((_, type) => (type === "A" ? "nx" : "fail"));
    const known = before && { records: before, ttlMs: 0 };
    await expect(client(stub).addresses("a.test", known)).rejects.toMatchObject({ code });
  });

  test("an alias that comes without its address is followed, and its own aliases are", async () => {
    using stub = await NameStub.start((name, type) => {
      if (name === "one.test") return [{ cname: "two.test" }];
      if (name === "two.test") return [{ cname: "three.test" }];
      return type === "A" ? ["10.0.0.3"] : [];
    });
    const { records, name } = await client(stub).addresses("one.test", null);
    expect([records, name]).toEqual([["10.0.0.3"], "one.test"]);
  });

  test("an alias of itself ends", async () => {
    using stub = await NameStub.start((name) => [{ cname: name }]);
    await expect(client(stub).addresses("a.test", null)).rejects.toMatchObject({
      code: "ENOTFOUND",
    });
  });
});

describe("with two servers, of which the first", () => {
  const nothing = () => [];
  const good = (_: string, type: string) => (type === "A" ? ["10.0.0.1"] : nothing());

  test.each(["fail", "refused", "not-implemented", "malformed"] as const)(
    "answers with `%s`, the second one is asked",
    async (said) => {
      using first = await NameStub.start(() => said);
      using second = await NameStub.start(good);
      const servers = [first.address, second.address];
      const client = new DnsClient({ servers, intervalMs: 10_000 });
      expect(await client.addresses("a.test", null)).toMatchObject({ records: ["10.0.0.1"] });
      expect(first.asked).toContain("a.test A");
    },
  );

  test("says that there is no such name, that is the answer", async () => {
    using first = await NameStub.start(() => "nx");
    using second = await NameStub.start(good);
    const servers = [first.address, second.address];
    const client = new DnsClient({ servers, intervalMs: 10_000 });
    await expect(client.addresses("a.test", null)).rejects.toMatchObject({ code: "ENOTFOUND" });
    expect(second.asked).toEqual([]);
  });

  test("cannot answer, and the second one cannot either, the first one's error is told", async () => {
    using first = await NameStub.start(() => "refused");
    using second = await NameStub.start(() => "fail");
    const servers = [first.address, second.address];
    const client = new DnsClient({ servers, intervalMs: 10_000 });
    await expect(client.addresses("a.test", null)).rejects.toMatchObject({ code: "EREFUSED" });
  });
});

describe.skipIf(nsd === null)("of a name server", () => {
  test("addresses of both families, IPv4 first, with the shortest TTL", async () => {
    using server = await nameServer(["a 30 AAAA fd00::1", "a 20 A 10.0.0.1", "b 7 CNAME a"]);
    const client = clientOf(server);
    const records = ["10.0.0.1", "fd00::1"];
    const [a, b] = [`a.${ZONE}`, `b.${ZONE}`];
    expect(await client.addresses(a, null)).toEqual({ records, ttlMs: 20_000, name: a });
    expect(await client.addresses(b, null)).toEqual({ records, ttlMs: 7000, name: b });
  });

  test("300 addresses, which do not fit into a datagram", async () => {
    const ips = Array.from({ length: 300 }, (_, n) => `10.0.${n >> 8}.${n & 255}`);
    using server = await nameServer(ips.map((ip) => `a A ${ip}`));
    const { records, ttlMs } = await clientOf(server).addresses(`a.${ZONE}`, null);
    expect([...records].sort()).toEqual(ips.sort());
    expect(ttlMs).toBe(1000);
  });

  test("SRV records with their targets in lower case, without what is no host or no port", async () => {
    using server = await nameServer([
      "_pg._tcp SRV 1 10 5432 DB1",
      "_pg._tcp SRV 2 0 5433 db2.elsewhere.test.",
      "_pg._tcp SRV 3 0 5433 bad\\032name",
      "_pg._tcp SRV 4 0 0 db4",
      "_none._tcp SRV 0 0 0 .",
    ]);
    const { records } = await clientOf(server).services(`_pg._tcp.${ZONE}`, null);
    expect([...records].sort((a, b) => a.priority - b.priority)).toEqual([
      { priority: 1, weight: 10, port: 5432, target: `db1.${ZONE}` },
      { priority: 2, weight: 0, port: 5433, target: "db2.elsewhere.test" },
    ]);
    expect((await clientOf(server).services(`_none._tcp.${ZONE}`, null)).records).toEqual([]);
  });

  test.each([
    ["a name that is not there", `gone.${ZONE}`, "ENOTFOUND"],
    ["a name without an address", `text.${ZONE}`, "ENOTFOUND"],
    ["an alias of one without an address", `alias.${ZONE}`, "ENOTFOUND"],
    ["an alias of itself", `loop.${ZONE}`, "ENOTFOUND"],
    ["a zone that is broken", "a.broken.test", "ESERVFAIL"],
    ["a zone of another server", "a.example", "EREFUSED"],
  ])("nothing of %s, and why", async (_, name, code) => {
    const aliases = ["alias CNAME text", "loop CNAME pool", "pool CNAME loop"];
    using server = await nameServer([`text TXT "there"`, ...aliases]);
    const client = clientOf(server);
    await expect(client.addresses(name, { records: ["10.0.0.1"], ttlMs: 0 })).rejects.toMatchObject(
      { code },
    );
    await expect(client.services(name, null)).rejects.toMatchObject({ code });
  });

  test("a server that is away is a timeout, and the next one is asked", async () => {
    using server = await nameServer(["a A 10.0.0.1"]);
    using other = await nameServer(["a A 10.0.0.2"]);
    await server.kill();
    const servers = [server, other].map(({ port }) => ({ ip: "127.0.0.1", port }));
    const [first] = servers;
    const alone = new DnsClient({ servers: [first!], intervalMs: 1000 });
    await expect(alone.addresses(`a.${ZONE}`, null)).rejects.toThrow(/ETIMEOUT|ECONNREFUSED/);
    const client = new DnsClient({ servers, intervalMs: 1000 });
    expect((await client.addresses(`a.${ZONE}`, null)).records).toEqual(["10.0.0.2"]);
  });

  test("SRV records are remembered for their TTL, but no longer than the interval", async () => {
    using server = await nameServer(["_a._tcp 600 SRV 0 0 1 a", "_b._tcp 0 SRV 0 0 1 a"]);
    const client = clientOf(server, 500);
    const portOf = async (name: string) => (await client.services(name, null)).records[0]?.port;
    expect(await Promise.all([portOf(`_a._tcp.${ZONE}`), portOf(`_b._tcp.${ZONE}`)])).toEqual([
      1, 1,
    ]);
    const askedAtMs = performance.now();
    await server.set(["_a._tcp 600 SRV 0 0 2 a", "_b._tcp 0 SRV 0 0 2 a"]);
    const isFresh = performance.now() - askedAtMs < 400;
    expect(await portOf(`_b._tcp.${ZONE}`)).toBe(2);
    if (isFresh) expect(await portOf(`_a._tcp.${ZONE}`)).toBe(1);
    await until("the interval is over", async () => (await portOf(`_a._tcp.${ZONE}`)) === 2);
  });

  test("configured anew it asks the others at once", async () => {
    using server = await nameServer(["a 600 A 10.0.0.1"]);
    using other = await nameServer(["a 600 A 10.0.0.2"]);
    const client = clientOf(server);
    const ask = async () => (await client.addresses(`a.${ZONE}`, null)).records;
    expect(await ask()).toEqual(["10.0.0.1"]);
    const servers = [{ ip: "127.0.0.1", port: other.port }];
    expect(client.configure({ servers, intervalMs: 10_000 })).toBe(true);
    expect(await ask()).toEqual(["10.0.0.2"]);
    expect(client.configure({ servers, intervalMs: 5000 })).toBe(false);
  });
});

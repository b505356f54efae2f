// One check on real sockets: what it says of each kind of backend, and that it leaves nothing open.
import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Endpoint } from "../../../src/base/address.ts";
import { connectOnly } from "../../../src/control/health/conversation.ts";
import { probeBackend } from "../../../src/control/health/probe.ts";
import { isLinux } from "../../../src/os/libc.ts";
import { blackhole } from "../../support/blackhole.ts";
import { namedPeer, peer, resetAtAcceptPeer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";

setDefaultTimeout(20_000);

const onLinux = test.skipIf(!isLinux);

type Port = { readonly port: number };
const at = ({ port }: Port) => ({ family: 4 as const, ip: "127.0.0.1", port });

/** A connect alone. */
async function probe(endpoints: readonly Endpoint[], first: number, timeoutMs: number) {
  const { error, endpoint } = await probeBackend(endpoints, first, [connectOnly(timeoutMs)]);
  return { error, endpoint };
}

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // The descriptor of the listing itself.
    return "";
  }
}

/** This process's descriptors of connections, also pending ones, to a port. */
function descriptorsTo({ port }: Port): number {
  const own = new Set(readdirSync("/proc/self/fd").map(linkOf));
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  // proc(5): the third column is the remote address, the tenth the inode.
  const rows = readFileSync("/proc/self/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/));
  return rows.filter((row) => row[2]?.endsWith(`:${hex}`) && own.has(`socket:[${row[9]}]`)).length;
}

test("a backend that accepts passes, and sees a client that leaves with a FIN", async () => {
  const ending = Promise.withResolvers<string>();
  using backend = peer((wire) => {
    void wire.ended.then(() => wire.finish());
    void wire.closed.then(ending.resolve);
  });
  expect(await probe([at(backend)], 0, 1000)).toEqual({ error: null, endpoint: 0 });
  expect(await ending.promise).toBe("eof");
  await until("its descriptor is gone", () => descriptorsTo(backend) === 0);
});

test("a backend that speaks first is not reset", async () => {
  const ending = Promise.withResolvers<string>();
  using backend = peer((wire) => {
    void wire.send("220 mail.example ESMTP\r\n");
    void wire.ended.then(() => wire.finish());
    void wire.closed.then(ending.resolve);
  });
  expect((await probe([at(backend)], 0, 1000)).error).toBeNull();
  expect(await ending.promise).toBe("eof");
});

test("a backend that sends on and on is read no further than an answer may be", async () => {
  const sent = Promise.withResolvers<number>();
  using backend = peer(async (wire) => {
    const chunk = Buffer.alloc(64 * 1024, "a");
    let chunks = 0;
    while (await wire.send(chunk)) chunks++;
    sent.resolve(chunks * chunk.length);
  });
  expect((await probe([at(backend)], 0, 1000)).error).toBeNull();
  // What the kernel keeps of it, which is a few MiB; in a second it would be gigabytes.
  expect(await sent.promise).toBeLessThan(64 * 1024 ** 2);
});

test("a backend that never answers the FIN keeps no descriptor of ours for long", async () => {
  using backend = peer(() => {});
  expect((await probe([at(backend)], 0, 1000)).error).toBeNull();
  await until("its descriptor is gone", () => descriptorsTo(backend) === 0, 3000);
});

test("a refused check tells so, and leaves no descriptor", async () => {
  const port = freePort();
  expect(await probe([at({ port })], 0, 1000)).toEqual({
    error: "connection refused",
    endpoint: 0,
  });
  expect(descriptorsTo({ port })).toBe(0);
});

test("a backend that resets what it accepts has accepted", async () => {
  using backend = resetAtAcceptPeer();
  expect((await probe([at(backend)], 0, 1000)).error).toBeOneOf([null, "connection reset"]);
  await until("its descriptor is gone", () => descriptorsTo(backend) === 0);
});

onLinux("a check that hangs fails after its timeout, and is cancelled", async () => {
  using hole = blackhole();
  const before = descriptorsTo(hole);
  const probing = probe([at(hole)], 0, 300);
  expect(descriptorsTo(hole)).toBe(before + 1);
  expect(await probing).toEqual({ error: "no connection within 300ms", endpoint: 0 });
  await until("its descriptor is gone", () => descriptorsTo(hole) === before);
});

onLinux("a hundred checks that hang leave no descriptor", async () => {
  using hole = blackhole();
  const before = descriptorsTo(hole);
  const probing = Array.from({ length: 100 }, () => probe([at(hole)], 0, 100));
  expect(descriptorsTo(hole)).toBe(before + 100);
  expect(new Set((await Promise.all(probing)).map(({ error }) => error))).toEqual(
    new Set(["no connection within 100ms"]),
  );
  await until("all descriptors are gone", () => descriptorsTo(hole) === before);
});

test("the next address has its turn, and the one that worked is told", async () => {
  using backend = namedPeer("b");
  const endpoints = [at({ port: freePort() }), at(backend), at({ port: freePort() })];
  for (const first of [0, 1, 2]) {
    expect(await probe(endpoints, first, 1000)).toEqual({ error: null, endpoint: 1 });
  }
  expect(backend.connections).toBe(3);
});

onLinux("an address that hangs leaves time for the next one", async () => {
  using hole = blackhole();
  using backend = namedPeer("b");
  const startedAtMs = performance.now();
  expect(await probe([at(hole), at(backend)], 0, 2000)).toEqual({
    error: null,
    endpoint: 1,
  });
  expect(performance.now() - startedAtMs).toBeWithin(950, 1800);
  using other = blackhole();
  const againAtMs = performance.now();
  expect((await probe([at(hole), at(other)], 1, 300)).error).toStartWith("no connection within ");
  expect(performance.now() - againAtMs).toBeWithin(250, 1500);
});

test("no address at all is a failure", async () => {
  expect(await probe([], 0, 100)).toEqual({ error: "it has no address", endpoint: 0 });
});

// The peers themselves, over a direct connection: what they claim must be what a socket sees.
import { expect, test } from "bun:test";
import { blackhole } from "./blackhole.ts";
import { hashOf, hashSink, randomBytes, randomChunks } from "./bytes.ts";
import {
  echoPeer,
  halfClosePeer,
  namedPeer,
  peer,
  pusherPeer,
  resetAfterFinPeer,
  resetAtAcceptPeer,
  resetPeer,
  sourcePeer,
  stallPeer,
} from "./peer.ts";
import { freePort } from "./ports.ts";
import { connect, exchange } from "./wire.ts";

test("an echo peer sends back every byte and then the FIN", async () => {
  using backend = echoPeer();
  const bytes = randomBytes(7, 3_000_000);
  using client = await connect(backend.port);
  const hash = hashSink();
  client.sink = hash.sink;
  void client.send(bytes);
  client.finish();
  expect(await client.ended).toBe("eof");
  expect(await client.closed).toBe("eof");
  expect(hash.digest()).toBe(hashOf([bytes]));
});

test("a half-close peer answers after the FIN", async () => {
  using backend = halfClosePeer((text) => text.toUpperCase());
  expect(await exchange(backend.port, "shout")).toEqual({ ending: "eof", text: "SHOUT" });
});

test("a reset is told from an end of stream", async () => {
  using backend = resetPeer("half of it");
  using client = await connect(backend.port);
  expect(await client.read(10)).toBe("half of it");
  void client.send("!");
  expect(await client.readToEnd()).toEqual({ ending: "reset", text: "half of it" });
});

test("a reset at accept is a reset", async () => {
  using backend = resetAtAcceptPeer();
  const outcome = await connect(backend.port).then(
    (client) => client.ended,
    () => "reset",
  );
  expect(outcome).toBe("reset");
});

test("a reset after a FIN is an end of stream and then a reset", async () => {
  using backend = resetAfterFinPeer();
  using client = await connect(backend.port);
  expect(await client.ended).toBe("eof");
  void client.send("x");
  expect(await client.closed).toBe("reset");
});

test("a peer sees that its client reset", async () => {
  const seen = Promise.withResolvers<string>();
  using backend = peer((wire) => void wire.closed.then(seen.resolve));
  const client = await connect(backend.port);
  await client.send("x");
  client.reset();
  expect(await seen.promise).toBe("reset");
});

test("a client that stalls a pusher reads on where it was", async () => {
  using backend = pusherPeer();
  using client = await connect(backend.port, { isPaused: true });
  const hash = hashSink();
  let left = 1_000_000;
  client.sink = (chunk) => {
    hash.sink(chunk.subarray(0, Math.max(0, left)));
    left -= chunk.byteLength;
  };
  client.resume();
  await client.read(1_000_000);
  expect(hash.digest()).toBe(hashOf(randomChunks(1, 1_000_000)));
});

test("a stalled peer takes no more than the kernel holds", async () => {
  using backend = stallPeer();
  using client = await connect(backend.port);
  const sent = client.send(new Uint8Array(64 * 1024 * 1024));
  expect(await Promise.race([sent, Bun.sleep(300).then(() => "stalled")])).toBe("stalled");
});

test("a source sends what its seed says", async () => {
  using backend = sourcePeer(3, 1_000_001);
  using client = await connect(backend.port);
  const hash = hashSink();
  client.sink = hash.sink;
  void client.send("go");
  expect(await client.ended).toBe("eof");
  expect([client.bytesReceived, hash.digest()]).toEqual([
    1_000_001,
    hashOf(randomChunks(3, 1_000_001)),
  ]);
});

test("a named peer counts those it served and comes back on its port", async () => {
  using backend = namedPeer("a");
  expect(await exchange(backend.port, "?")).toEqual({ ending: "eof", text: "a" });
  backend.kill();
  expect(await exchange(backend.port, "?").catch((error) => error.code)).toBe("ECONNREFUSED");
  backend.start();
  expect(await exchange(backend.port, "?")).toEqual({ ending: "eof", text: "a" });
  expect(backend.served).toBe(2);
});

test("a free port refuses and a blackhole does neither", async () => {
  using hole = blackhole();
  const refused = await connect(freePort()).catch((error) => error.code);
  const hanging = connect(hole.port).then(
    () => "connected",
    (error) => error.code,
  );
  expect(refused).toBe("ECONNREFUSED");
  expect(await Promise.race([hanging, Bun.sleep(300).then(() => "hangs")])).toBe("hangs");
});

// A pipe's report to the sweep about its reader, and the memory that it counts for what it holds.
import { expect, test } from "bun:test";
import { BufferBudget } from "../../../src/data/relay/buffer-budget.ts";
import { Pipe } from "../../../src/data/relay/pipe.ts";
import { SO_BUF_LOCK, SOCK_SNDBUF_LOCK, SOL_SOCKET } from "../../../src/os/abi.ts";
import { getLibc, isLinux } from "../../../src/os/libc.ts";
import { descriptorOf } from "../../../src/os/socket.ts";
import { Board } from "../../../src/shared/board.ts";
import { echoPeer } from "../../support/peer.ts";

const CHUNK = new Uint8Array(100);
const nobody = () => 0;

function pipeTo(room: () => number, budget = new BufferBudget(new Board(), 0)) {
  const pipe = new Pipe(budget, 0);
  const nothing = () => {};
  pipe.source = { write: () => 0, pause: nothing, resume: nothing };
  pipe.sink = { ...pipe.source, write: (chunk) => Math.min(chunk.length, room()) };
  return pipe;
}

test("a reader stalls from when there is something for it to take", () => {
  let room = 0;
  const pipe = pipeTo(() => room);
  // Nothing to take: its source was held, or silent.
  for (const nowMs of [1000, 60_000]) pipe.observe(nowMs, nobody);
  pipe.push(CHUNK);
  pipe.observe(61_000, nobody);
  expect([pipe.pendingBytes, pipe.stalledSinceMs, pipe.progress.movedAtMs]).toEqual([
    100, 60_000, 0,
  ]);
  room = 10;
  pipe.flush();
  pipe.observe(62_000, nobody);
  pipe.observe(63_000, nobody);
  expect([pipe.pendingBytes, pipe.stalledSinceMs, pipe.progress.movedAtMs]).toEqual([
    90, 62_000, 62_000,
  ]);
});

test.skipIf(!isLinux).each([
  ["at the first look where there is plenty of memory", 4096, false],
  ["when the reader proves fast where there is little", 32, true],
])("small buffers end %s", async (_, mib, stay) => {
  using peer = echoPeer();
  const nothing = { data() {} };
  const socket = await Bun.connect({ hostname: peer.host, port: peer.port, socket: nothing });
  const budget = new BufferBudget(new Board(), 0);
  budget.limitBytes = mib * 1024 * 1024;
  const pipe = new Pipe(budget, 0);
  const fd = descriptorOf(socket);
  pipe.sink = Object.assign(
    { write: (chunk: Uint8Array) => chunk.length, pause() {}, resume() {} },
    { fd },
  );
  const isSmall = () => {
    const value = new Int32Array(new ArrayBuffer(4));
    const length = new Int32Array(new ArrayBuffer(4)).fill(4);
    getLibc().getsockopt(fd, SOL_SOCKET, SO_BUF_LOCK, value, length);
    return ((value[0] ?? 0) & SOCK_SNDBUF_LOCK) !== 0;
  };
  pipe.narrow();
  expect(isSmall()).toBe(true);
  pipe.push(CHUNK);
  pipe.observe(1000, nobody);
  expect(isSmall()).toBe(stay);
  pipe.push(new Uint8Array(1024 * 1024));
  pipe.observe(2000, nobody);
  expect(isSmall()).toBe(false);
  socket.terminate();
});

test("what is held counts as the whole chunk that it keeps alive, or as its copy", () => {
  let room = 10;
  const budget = new BufferBudget(new Board(), 0);
  const pipe = pipeTo(() => room, budget);
  pipe.push(CHUNK.slice());
  expect([pipe.pendingBytes, budget.ownBytes]).toEqual([90, 100]);
  room = 70;
  pipe.flush();
  expect([pipe.pendingBytes, budget.ownBytes]).toEqual([20, 20]);
  pipe.flush();
  expect([pipe.pendingBytes, budget.ownBytes]).toEqual([0, 0]);
});

test("a chunk that Bun reads is alone in its buffer, whatever its size", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const chunks: Uint8Array[] = [];
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (_, chunk) => void chunks.push(chunk), close: () => resolve() },
  });
  const client = await Bun.connect({
    hostname: "127.0.0.1",
    port: listener.port,
    socket: { data: () => {}, drain: () => send() },
  });
  let left = [1, 62, 5000, 700_000];
  const send = () => {
    for (let size = left.shift(); size !== undefined; size = left.shift()) {
      const written = client.write(new Uint8Array(size));
      if (written < size) {
        left = [size - Math.max(0, written), ...left];
        return;
      }
    }
    client.end();
  };
  send();
  await promise;
  listener.stop();
  expect(chunks.reduce((sum, { length }) => sum + length, 0)).toBe(705_063);
  for (const chunk of chunks) {
    expect([chunk.byteOffset, chunk.buffer.byteLength]).toEqual([0, chunk.length]);
  }
});

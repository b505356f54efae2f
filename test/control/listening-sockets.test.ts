import { expect, test } from "bun:test";
import { ListeningSockets } from "../../src/control/listening-sockets.ts";
import { isLinux } from "../../src/os/libc.ts";
import { freePort } from "../support/ports.ts";

// Listening sockets are lent on Linux only.
const onLinux = test.skipIf(!isLinux);

onLinux("one descriptor per worker, all on the same port", () => {
  const sockets = new ListeningSockets(3);
  const address = { bindAddress: "127.0.0.1", port: freePort() };
  sockets.openAll([address]);
  expect(new Set(sockets.lend(address, [0, 1, 2])).size).toBe(3);
  expect(sockets.lend(address, [1])).toHaveLength(1);
  sockets.keepOnly([]);
  expect(sockets.lend(address, [0, 1, 2])).toEqual([]);
});

onLinux("a port that somebody else has is an error, also for a second bal", () => {
  const first = new ListeningSockets(2);
  const address = { bindAddress: "127.0.0.1", port: freePort() };
  first.openAll([address]);
  const second = new ListeningSockets(2);
  expect(() => second.openAll([address])).toThrow(`127.0.0.1:${address.port} is already in use`);
  first.keepOnly([]);
});

onLinux("all or nothing: what was opened before an error is closed again", () => {
  const busy = new ListeningSockets(1);
  const taken = { bindAddress: "127.0.0.1", port: freePort() };
  busy.openAll([taken]);
  const sockets = new ListeningSockets(1);
  const free = { bindAddress: "127.0.0.1", port: freePort() };
  expect(() => sockets.openAll([free, taken])).toThrow();
  expect(sockets.lend(free, [0])).toEqual([]);
  new ListeningSockets(1).openAll([free]);
  busy.keepOnly([]);
});

onLinux("an address under our own wildcard may be opened beside it", () => {
  const sockets = new ListeningSockets(2);
  const { port } = { port: freePort() };
  sockets.openAll([{ bindAddress: "0.0.0.0", port }]);
  sockets.openAll([{ bindAddress: "127.0.0.1", port }]);
  expect(sockets.lend({ bindAddress: "127.0.0.1", port }, [0, 1])).toHaveLength(2);
  sockets.keepOnly([]);
});

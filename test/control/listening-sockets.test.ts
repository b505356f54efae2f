import { expect, test } from "bun:test";
import { InheritedSockets } from "../../src/control/inherited-sockets.ts";
import { ListeningSockets } from "../../src/control/listening-sockets.ts";
import { SO_REUSEPORT, SOL_SOCKET } from "../../src/os/abi.ts";
import { isLinux } from "../../src/os/libc.ts";
import { setOption } from "../../src/os/socket.ts";
import { freePort } from "../support/ports.ts";
import { silentLog } from "../support/silent-log.ts";

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

onLinux.each([
  [1, 3, [[0], [0], [0]]],
  [2, 3, [[0], [1], [0]]],
  [3, 3, [[0], [1], [2]]],
  [
    5,
    2,
    [
      [0, 2, 4],
      [1, 3],
    ],
  ],
  [3, 1, [[0, 1, 2]]],
])("%d inherited sockets and %d workers: each is accepted from, each worker accepts", (...row) => {
  const [count, workers, shares] = row;
  const address = { bindAddress: "127.0.0.1", port: freePort() };
  const first = new ListeningSockets(count);
  first.openAll([address]);
  const fds = first.lend(
    address,
    Array.from({ length: count }, (_, i) => i),
  );
  const handed = fds.map((fd) => ({ fd, name: "x" }));
  const inherited = new InheritedSockets(handed, silentLog());
  const sockets = new ListeningSockets(workers, inherited);
  // Of a socket that nobody may join, as systemd's.
  for (const fd of fds) setOption(fd, SOL_SOCKET, SO_REUSEPORT, 0);
  sockets.openAll([address]);
  expect(shares.map((_, worker) => sockets.lend(address, [worker]))).toEqual(
    shares.map((share) => share.map((index) => fds[index]!)),
  );
  const all = shares.map((_, worker) => worker);
  expect(sockets.lend(address, all)).toEqual([...fds]);
  sockets.keepOnly([]);
});

onLinux("a bal with more workers opens what it needs beside what it inherits", () => {
  const address = { bindAddress: "127.0.0.1", port: freePort() };
  const first = new ListeningSockets(1);
  first.openAll([address]);
  const [fd] = first.lend(address, [0]);
  const sockets = new ListeningSockets(
    3,
    new InheritedSockets([{ fd: fd!, name: "x" }], silentLog()),
  );
  sockets.openAll([address]);
  const lent = sockets.lend(address, [0, 1, 2]);
  expect([lent[0], new Set(lent).size]).toEqual([fd, 3]);
  sockets.keepOnly([]);
});

import { describe, expect, test } from "bun:test";
import { formatListenAddress } from "../../../src/base/listen-address.ts";
import { InheritedSockets } from "../../../src/control/listeners/inherited-sockets.ts";
import { ListeningSockets } from "../../../src/control/listeners/listening-sockets.ts";
import { SO_REUSEPORT, SOL_SOCKET } from "../../../src/os/abi.ts";
import { connectTo } from "../../../src/os/connect.ts";
import { isLinux } from "../../../src/os/libc.ts";
import { setOption } from "../../../src/os/socket.ts";
import { tcp } from "../../support/generation.ts";
import { echoPeer } from "../../support/peer.ts";
import { freePort, freePorts } from "../../support/ports.ts";
import { silentLog } from "../../support/silent-log.ts";
import { connect } from "../../support/wire.ts";

// Listening sockets are lent on Linux only.
const onLinux = test.skipIf(!isLinux);

onLinux("one descriptor per worker, all on the same port", () => {
  const sockets = new ListeningSockets(3);
  const address = tcp(freePort());
  sockets.openAll([{ address }]);
  expect(new Set(sockets.assignSockets(address, [0, 1, 2])).size).toBe(3);
  expect(sockets.assignSockets(address, [1])).toHaveLength(1);
  sockets.keepOnly([]);
  expect(sockets.assignSockets(address, [0, 1, 2])).toEqual([]);
});

onLinux("a port that somebody else has is an error, also for a second bal", () => {
  const first = new ListeningSockets(2);
  const address = tcp(freePort());
  first.openAll([{ address }]);
  const second = new ListeningSockets(2);
  expect(() => second.openAll([{ address }])).toThrow(
    `${formatListenAddress(address)} is already in use`,
  );
  first.keepOnly([]);
});

describe("a port that the kernel gave to a connection", () => {
  const open = (port: number) => {
    const sockets = new ListeningSockets(1);
    sockets.openAll([{ address: tcp(port) }]);
    sockets.keepOnly([]);
  };

  const listensBesideItsConnection = async () => {
    using backend = echoPeer();
    const { promise, resolve } = Promise.withResolvers<Bun.Socket<null>>();
    const nothing = () => {};
    const ended = Promise.withResolvers<void>();
    const handlers = { ...{ open: nothing, data: nothing, end: nothing, error: nothing } };
    connectTo<null>({
      endpoint: { family: 4, ip: backend.host, port: backend.port },
      handlers: { ...handlers, drain: resolve, close: () => ended.resolve() },
      data: null,
    });
    const socket = await promise;
    const port = socket.localPort;
    open(port);
    // Its end is the first, and has the TIME_WAIT.
    socket.shutdown();
    await ended.promise;
    open(port);
  };

  onLinux("of bal's own is free for a listener, now and after its end", async () => {
    // A connection of another process may have the same port, for another peer: never all of these.
    for (let tries = 10; ; tries--) {
      const error = await listensBesideItsConnection().catch((reason: unknown) => reason);
      if (error === undefined) return;
      if (tries === 1) throw error;
    }
  });

  onLinux("of another process is not, and it is said that no process listens there", async () => {
    using backend = echoPeer();
    using client = await connect(backend.port);
    expect(() => open(client.socket!.localPort)).toThrow("no process listens on 127.0.0.1");
  });
});

onLinux("all or nothing: what was opened before an error is closed again", () => {
  const busy = new ListeningSockets(1);
  const taken = tcp(freePort());
  busy.openAll([{ address: taken }]);
  const sockets = new ListeningSockets(1);
  const free = tcp(freePort());
  expect(() => sockets.openAll([{ address: free }, { address: taken }])).toThrow();
  expect(sockets.assignSockets(free, [0])).toEqual([]);
  new ListeningSockets(1).openAll([{ address: free }]);
  busy.keepOnly([]);
});

onLinux("an address under our own wildcard may be opened beside it", () => {
  const sockets = new ListeningSockets(2);
  const address = tcp(freePort());
  sockets.openAll([{ address: { ...address, ip: "0.0.0.0" } }, { address }]);
  expect(sockets.assignSockets(address, [0, 1])).toHaveLength(2);
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
  const address = tcp(freePort());
  const first = new ListeningSockets(count);
  first.openAll([{ address }]);
  const fds = first.assignSockets(
    address,
    Array.from({ length: count }, (_, i) => i),
  );
  const handed = fds.map((fd) => ({ fd, name: "x" }));
  const inherited = new InheritedSockets(handed, silentLog());
  const sockets = new ListeningSockets(workers, inherited);
  // Of a socket that nobody may join, as systemd's.
  for (const fd of fds) setOption(fd, SOL_SOCKET, SO_REUSEPORT, 0);
  sockets.openAll([{ address }]);
  expect(shares.map((_, worker) => sockets.assignSockets(address, [worker]))).toEqual(
    shares.map((share) => share.map((index) => fds[index]!)),
  );
  const all = shares.map((_, worker) => worker);
  expect(sockets.assignSockets(address, all)).toEqual([...fds]);
  sockets.keepOnly([]);
});

onLinux("a bal with more workers opens what it needs beside what it inherits", () => {
  const address = tcp(freePort());
  const first = new ListeningSockets(1);
  first.openAll([{ address }]);
  const [fd] = first.assignSockets(address, [0]);
  const sockets = new ListeningSockets(
    3,
    new InheritedSockets([{ fd: fd!, name: "x" }], silentLog()),
  );
  sockets.openAll([{ address }]);
  const lent = sockets.assignSockets(address, [0, 1, 2]);
  expect([lent[0], new Set(lent).size]).toEqual([fd, 3]);
  sockets.keepOnly([]);
});

onLinux(
  "a range has a socket for each port and worker; one that grows or shrinks keeps what stays",
  () => {
    const sockets = new ListeningSockets(2);
    const { from, to } = freePorts(6);
    const at = (first: number, last: number) => ({ address: tcp(first, last) });
    const lent = (first: number, last: number) => sockets.assignSockets(tcp(first, last), [0, 1]);
    const small = at(from + 2, to - 2);
    sockets.openAll([small]);
    const kept = lent(from + 2, to - 2);
    expect(new Set(kept).size).toBe(4);
    sockets.openAll([at(from, to)]);
    sockets.keepOnly([at(from, to)]);
    expect(lent(from, to)).toHaveLength(12);
    expect(lent(from + 2, to - 2)).toEqual(kept);
    sockets.keepOnly([small]);
    expect([lent(from, to), lent(from, from + 1)]).toEqual([kept, []]);
    sockets.keepOnly([]);
  },
);

onLinux("a range of which somebody has a port is not opened at all", () => {
  const { from, to } = freePorts(5);
  const other = new ListeningSockets(1);
  other.openAll([{ address: tcp(to) }]);
  const sockets = new ListeningSockets(2);
  const range = tcp(from, to);
  expect(() => sockets.openAll([{ address: range }])).toThrow(`127.0.0.1:${to} is already in use`);
  expect(sockets.assignSockets(range, [0, 1])).toEqual([]);
  const free = tcp(from, to - 1);
  sockets.openAll([{ address: free }]);
  expect(sockets.assignSockets(free, [0])).toHaveLength(4);
  for (const each of [sockets, other]) each.keepOnly([]);
});

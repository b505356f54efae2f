// Connects that fail, by what the kernel says: on real sockets.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errnoCode } from "../../src/base/os-error.ts";
import {
  AF_INET,
  IPPROTO_TCP,
  SO_RCVBUF,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../src/os/abi.ts";
import { connectTo, isConnectedToItself, type SocketHandlers } from "../../src/os/connect.ts";
import { getLibc, isLinux } from "../../src/os/libc.ts";
import { encodeSockaddr } from "../../src/os/sockaddr.ts";
import { descriptorOf } from "../../src/os/socket.ts";
import { listeningUnix } from "../support/listening.ts";
import { echoPeer } from "../support/peer.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bal-connect-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const nothing = () => {};
const handlers: SocketHandlers<null> = {
  ...{ open: nothing, drain: nothing, data: nothing, end: nothing },
  ...{ close: nothing, error: nothing },
};

/** The errno's word; "" when it is under way. */
function connectUnix(path: string): string {
  const errno = connectTo({ endpoint: { family: "unix", path }, handlers, data: null });
  return errno === 0 ? "" : errnoCode(errno);
}

describe("a unix socket", () => {
  test("whose queue is full refuses: its backend is busy, not this host", () => {
    const path = join(folder, "full.sock");
    using _ = listeningUnix(path, 1);
    const said = Array.from({ length: 4 }, () => connectUnix(path));
    expect(said).toEqual(["", "", "ECONNREFUSED", "ECONNREFUSED"]);
  });

  test("that nobody listens on refuses", () => {
    const path = join(folder, "stale.sock");
    listeningUnix(path)[Symbol.dispose]();
    expect(connectUnix(path)).toBe("ECONNREFUSED");
    expect(connectUnix("@bal-nobody")).toBe("ECONNREFUSED");
  });

  test("that is not there is not there", () => {
    writeFileSync(join(folder, "file"), "");
    expect(connectUnix(join(folder, "none.sock"))).toBe("ENOENT");
    expect(connectUnix(join(folder, "file", "none.sock"))).toBe("ENOTDIR");
    expect(connectUnix(join(folder, "file"))).toBe("ECONNREFUSED");
  });

  test("whose path no address can hold is refused before anything is opened", () => {
    expect(connectUnix(`/${"a".repeat(200)}`)).toBe("EINVAL");
  });
});

/** A socket that is bound to an ephemeral port, and then connected to it: by chance, a dial may become one. */
async function connectedToItself() {
  const range = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
  const libc = getLibc();
  const fd = libc.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  for (let port = Number.parseInt(range, 10); ; port++) {
    const address = encodeSockaddr("127.0.0.1", port);
    if (libc.bind(fd, address.pointer, address.bytes.length) !== 0) continue;
    libc.connect(fd, address.pointer, address.bytes.length);
    return { port, socket: await connected({ fd }) };
  }
}

function connected(to: object): Promise<Bun.Socket<null>> {
  const { promise, resolve } = Promise.withResolvers<Bun.Socket<null>>();
  Bun.connect<null>({ ...to, socket: { ...handlers, open: resolve } } as never);
  return promise;
}

test.skipIf(!isLinux)("a socket that is connected to itself is known, and no other", async () => {
  const { port, socket } = await connectedToItself();
  const endpoint = { family: 4 as const, ip: "127.0.0.1", port };
  expect(isConnectedToItself(socket, endpoint)).toBe(true);
  socket.terminate();
  using peer = echoPeer({ port });
  const other = await connected({ hostname: peer.host, port });
  expect(isConnectedToItself(other, endpoint)).toBe(false);
  other.terminate();
});

const TCP_INFO = 11;

function readOption(socket: object, level: number, name: number, bytes: number): Uint8Array {
  const value = new Uint8Array(new ArrayBuffer(bytes));
  const length = new Int32Array(new ArrayBuffer(4)).fill(bytes);
  expect(getLibc().getsockopt(descriptorOf(socket), level, name, value, length)).toBe(0);
  return value;
}

test.skipIf(!isLinux)("a small receive buffer leaves the window room to grow later", async () => {
  using peer = echoPeer();
  const { promise, resolve } = Promise.withResolvers<Bun.Socket<null>>();
  const endpoint = { family: 4 as const, ip: peer.host, port: peer.port };
  const errno = connectTo({
    ...{ endpoint, data: null, receiveBytes: 4096 },
    handlers: { ...handlers, drain: resolve },
  });
  expect(errno).toBe(0);
  const socket = await promise;
  const size = new Int32Array(readOption(socket, SOL_SOCKET, SO_RCVBUF, 4).buffer)[0];
  // tcp(7), struct tcp_info: two scales of four bits each, ours is the upper one.
  const scales = readOption(socket, IPPROTO_TCP, TCP_INFO, 8)[6] ?? 0;
  socket.terminate();
  expect([size, scales >> 4 > 0]).toEqual([8192, true]);
});

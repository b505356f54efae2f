import { describe, expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import type { Endpoint } from "../../src/base/address.ts";
import { isLinux } from "../../src/os/libc.ts";
import { decodeSockaddr, encodeSockaddr, encodeUnixSockaddr } from "../../src/os/sockaddr.ts";
import { inspectSocket } from "../../src/os/socket.ts";
import { listening, listeningUnix } from "../support/listening.ts";

test.each(["127.0.0.1", "0.0.0.0", "::", "::1", "2001:db8::a:0:0:1", "fe80::1:2:3:4"])(
  "%s is the same, there and back",
  (ip) => {
    const family = ip.includes(":") ? 6 : 4;
    expect(decodeSockaddr(encodeSockaddr(ip, 9295).bytes)).toEqual({ family, ip, port: 9295 });
  },
);

test.each(["/run/app.sock", "/", "@app", `/${"a".repeat(106)}`, "/run/b\u00e4l.sock"])(
  "the unix socket %s is the same, there and back",
  (path) => {
    expect(decodeSockaddr(encodeUnixSockaddr(path)!.bytes)).toEqual({ family: "unix", path });
  },
);

test("an address of another family is none, nor is a unix socket without a name", () => {
  expect(decodeSockaddr(new Uint8Array([16, 0, 47, 0]))).toBeNull();
  expect(decodeSockaddr(new Uint8Array([1, 0]))).toBeNull();
});

describe.skipIf(!isLinux)("on Linux", () => {
  test("a descriptor tells what it is", () => {
    using v4 = listening("127.0.0.1");
    using v6 = listening("::");
    using abstract = listeningUnix(`@bal-test-${process.pid}`);
    const at = (address: Endpoint) => ({ isListening: true, address });
    expect(inspectSocket(v4.fd)).toEqual(at({ family: 4, ip: "127.0.0.1", port: v4.port }));
    expect(inspectSocket(v6.fd)).toEqual(at({ family: 6, ip: "::", port: v6.port }));
    const path = `@bal-test-${process.pid}`;
    expect(inspectSocket(abstract.fd)).toEqual(at({ family: "unix", path }));
    const file = openSync("/dev/null", "r");
    expect([inspectSocket(file), inspectSocket(12_345)]).toEqual([null, null]);
    closeSync(file);
  });
});

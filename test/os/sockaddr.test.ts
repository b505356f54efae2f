import { describe, expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { isLinux } from "../../src/os/libc.ts";
import { decodeSockaddr, encodeSockaddr } from "../../src/os/sockaddr.ts";
import { inspectSocket } from "../../src/os/socket.ts";
import { listening } from "../support/listening.ts";

test.each(["127.0.0.1", "0.0.0.0", "::", "::1", "2001:db8::a:0:0:1", "fe80::1:2:3:4"])(
  "%s is the same, there and back",
  (ip) => {
    expect(decodeSockaddr(encodeSockaddr(ip, 9295).bytes)).toEqual({ ip, port: 9295 });
  },
);

test("an address of another family is none", () => {
  expect(decodeSockaddr(new Uint8Array([1, 0, 47, 0]))).toBeNull();
});

describe.skipIf(!isLinux)("on Linux", () => {
  test("a descriptor tells what it is", () => {
    using v4 = listening("127.0.0.1");
    using v6 = listening("::");
    const at = (ip: string, port: number) => ({ isListening: true, address: { ip, port } });
    expect(inspectSocket(v4.fd)).toEqual(at("127.0.0.1", v4.port));
    expect(inspectSocket(v6.fd)).toEqual(at("::", v6.port));
    const file = openSync("/dev/null", "r");
    expect([inspectSocket(file), inspectSocket(12_345)]).toEqual([null, null]);
    closeSync(file);
  });
});

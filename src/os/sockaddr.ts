// struct sockaddr_in and sockaddr_in6 of Linux, as bytes.
import { ptr } from "bun:ffi";
import { AF_INET, AF_INET6 } from "./abi.ts";

/** Keep it for as long as the pointer is in use: the pointer does not keep the bytes alive. */
export type Sockaddr = {
  readonly family: number;
  readonly bytes: Uint8Array;
  readonly pointer: ReturnType<typeof ptr>;
};

/** `ip` is a literal in canonical form. */
export function encodeSockaddr(ip: string, port: number): Sockaddr {
  const isV6 = ip.includes(":");
  const family = isV6 ? AF_INET6 : AF_INET;
  // The ArrayBuffer first: a small typed array moves when its buffer is first touched, and the
  // pointer would go stale (Bun 1.4.5).
  const buffer = new ArrayBuffer(isV6 ? 28 : 16);
  const view = new DataView(buffer);
  view.setUint16(0, family, true);
  view.setUint16(2, port);
  const bytes = new Uint8Array(buffer);
  if (isV6) bytes.set(parseV6(ip), 8);
  else bytes.set(ip.split(".").map(Number), 4);
  return { family, bytes, pointer: ptr(bytes) };
}

function parseV6(ip: string): Uint8Array {
  const bytes = new Uint8Array(16);
  const [head = "", tail] = ip.split("::");
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  bytes.set(front, 0);
  bytes.set(back, 16 - back.length);
  return bytes;
}

function groups(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

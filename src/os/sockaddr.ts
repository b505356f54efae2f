// struct sockaddr_in, sockaddr_in6 and sockaddr_un of Linux, as bytes.
import { ptr } from "bun:ffi";
import type { Endpoint } from "../base/address.ts";
import { AF_INET, AF_INET6, AF_UNIX } from "./abi.ts";

/** Bytes of sun_path. */
const SUN_PATH = 108;

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

/** A leading @ is the abstract namespace's NUL (unix(7)). Null: the path is too long for an address. */
export function encodeUnixSockaddr(path: string): Sockaddr | null {
  const name = new TextEncoder().encode(path);
  const isAbstract = path.startsWith("@");
  if (name.length === 0 || name.length > SUN_PATH - (isAbstract ? 0 : 1)) return null;
  if (isAbstract) name[0] = 0;
  const buffer = new ArrayBuffer(2 + name.length + (isAbstract ? 0 : 1));
  new DataView(buffer).setUint16(0, AF_UNIX, true);
  const bytes = new Uint8Array(buffer);
  bytes.set(name, 2);
  return { family: AF_UNIX, bytes, pointer: ptr(bytes) };
}

/** An address of IPv4, IPv6 or a unix socket; null for any other, and for a unix socket without a name.
 *  The ip is in canonical form, but for IPv4-mapped. */
export function decodeSockaddr(bytes: Uint8Array): Endpoint | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const family = view.getUint16(0, true);
  if (family === AF_UNIX) return decodeUnix(bytes.subarray(2));
  const port = view.getUint16(2);
  if (family === AF_INET) return { family: 4, ip: bytes.subarray(4, 8).join("."), port };
  if (family !== AF_INET6) return null;
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(8 + 2 * i).toString(16));
  const ip = new URL(`http://[${groups.join(":")}]/`).hostname.slice(1, -1);
  return { family: 6, ip, port };
}

// The length says where an abstract name ends; a path ends with its NUL.
function decodeUnix(name: Uint8Array): Endpoint | null {
  if (name.length === 0) return null;
  const isAbstract = name[0] === 0;
  const end = isAbstract ? name.length : name.indexOf(0);
  const text = new TextDecoder().decode(
    name.subarray(isAbstract ? 1 : 0, end < 0 ? undefined : end),
  );
  return text === "" ? null : { family: "unix", path: isAbstract ? `@${text}` : text };
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

// Sockets by libc: listening ones that the control plane lends to its workers, and the options
// that Bun does not know. Linux only. Errors are returned as negative errnos.
import { ptr } from "bun:ffi";
import type { Endpoint } from "../base/address.ts";
import {
  AF_INET6,
  AF_UNIX,
  F_DUPFD_CLOEXEC,
  F_SETFD,
  FD_CLOEXEC,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  SO_ACCEPTCONN,
  SO_BUF_LOCK,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_SNDBUF,
  SO_TYPE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RCVBUF_LOCK,
  SOCK_SNDBUF_LOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_DEFER_ACCEPT,
  TCP_FASTOPEN,
  TCP_USER_TIMEOUT,
} from "./abi.ts";
import { errno, getLibc, isLinux } from "./libc.ts";
import { decodeSockaddr, encodeSockaddr } from "./sockaddr.ts";

/** The kernel doubles it, which makes the size of a new socket (net.ipv4.tcp_rmem). */
const USUAL_RECEIVE_BYTES = 64 * 1024;

/** Length of the accept queue asked for; the kernel cuts it to net.core.somaxconn. */
export const BACKLOG = 4096;

const optionValue = new Int32Array(new ArrayBuffer(4));
const optionPointer = ptr(optionValue);

type Address = { readonly ip: string; readonly port: number };

/** Whether anything else may already be bound to the address. */
export type Sharing = "exclusive" | "shared";

/**
 * Opens a listening socket. The caller closes it.
 *
 * `exclusive` fails with EADDRINUSE when anybody listens there, and afterwards lets `shared` ones
 * join: SO_REUSEPORT is set only after listen(2), so that between two processes one of them loses
 * (measured on Linux 6.18; set before it, both would win).
 *
 * @returns the descriptor, or a negative errno
 */
export function openListening({ ip, port }: Address, sharing: Sharing): number {
  const libc = getLibc();
  const address = encodeSockaddr(ip, port);
  const fd = libc.socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno();
  setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (sharing === "shared") setOption(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (address.family === AF_INET6) {
    setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, ip === "::" ? 0 : 1);
  }
  if (
    libc.bind(fd, address.pointer, address.bytes.length) < 0 ||
    libc.listen(fd, BACKLOG) < 0 ||
    (sharing === "exclusive" && setOption(fd, SOL_SOCKET, SO_REUSEPORT, 1) < 0)
  ) {
    const error = errno();
    libc.close(fd);
    return -error;
  }
  return fd;
}

/**
 * Whether `openListening` would get the address, without a moment in which a client could connect.
 *
 * @returns 0, or a negative errno
 */
export function tryBind({ ip, port }: Address): number {
  const libc = getLibc();
  const address = encodeSockaddr(ip, port);
  const fd = libc.socket(address.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno();
  // With it, what still lingers of old connections is no obstacle; one that listens is.
  setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (address.family === AF_INET6) {
    setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, ip === "::" ? 0 : 1);
  }
  const error = libc.bind(fd, address.pointer, address.bytes.length) < 0 ? errno() : 0;
  libc.close(fd);
  return -error;
}

/** Clients whose first bytes may wait in their SYN. */
const FAST_OPEN_QUEUE = 256;
/** How long the kernel waits for a client's first bytes before bal is told of it all the same. */
const DEFER_S = 1;

type ListenOptions = {
  readonly isFastOpen: boolean;
  readonly isDeferred: boolean;
  /** Accepted sockets inherit it; 0: as long as the kernel says. */
  readonly userTimeoutMs: number;
};

/** Sets the options of a listening socket, at any time. Options that the kernel does not have stay off. */
export function tuneListening(fd: number, options: ListenOptions): void {
  const { isFastOpen, isDeferred, userTimeoutMs } = options;
  setOption(fd, IPPROTO_TCP, TCP_FASTOPEN, isFastOpen ? FAST_OPEN_QUEUE : 0);
  setOption(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, isDeferred ? DEFER_S : 0);
  setOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, userTimeoutMs);
}

/** Sets the length of the accept queue again: Bun.listen makes it 511 whatever it was (1.4.5). */
export function restoreBacklog(fd: number): void {
  getLibc().listen(fd, BACKLOG);
}

/** The same socket under another descriptor. @returns the descriptor, or a negative errno */
export function duplicate(fd: number): number {
  const copy = getLibc().fcntl(fd, F_DUPFD_CLOEXEC, 3);
  return copy < 0 ? -errno() : copy;
}

/** Two ends of one stream, for two processes. The caller closes both. @returns them, or a negative errno */
export function openPair(): readonly [number, number] | number {
  const ends = new Int32Array(new ArrayBuffer(8));
  const type = SOCK_STREAM | SOCK_CLOEXEC;
  if (getLibc().socketpair(AF_UNIX, type, 0, ends) < 0) return -errno();
  return [ends[0] ?? -1, ends[1] ?? -1];
}

/** Leads writes to `onto` into `fd`'s file from now on; `fd` itself is closed. */
export function redirect(fd: number, onto: number): void {
  const libc = getLibc();
  libc.dup2(fd, onto);
  libc.close(fd);
}

/** A Bun socket's or listener's, which the types do not know. It stays Bun's. */
export function descriptorOf(socket: object): number {
  return (socket as { readonly fd: number }).fd;
}

/** Bounds what a Bun socket's receive queue holds, and so what one read brings: about half as much again at
 *  most. Unix sockets take no notice. */
export function limitReceiveBuffer(socket: object, bytes: number): void {
  const fd = isLinux ? descriptorOf(socket) : -1;
  if (fd >= 0) setOption(fd, SOL_SOCKET, SO_RCVBUF, bytes);
}

/** Bounds what a Bun socket's send queue holds. */
export function limitSendBuffer(socket: object, bytes: number): void {
  const fd = isLinux ? descriptorOf(socket) : -1;
  if (fd >= 0) setOption(fd, SOL_SOCKET, SO_SNDBUF, bytes);
}

/** The kernel sizes the buffer again, as traffic asks (Linux 5.14 and later). It begins at its usual size: from a
 *  small one it does not grow (6.18). */
export function freeReceiveBuffer(socket: object): void {
  limitReceiveBuffer(socket, USUAL_RECEIVE_BYTES);
  unlock(socket, SOCK_RCVBUF_LOCK);
}

/** The kernel sizes the buffer again, as traffic asks (Linux 5.14 and later). */
export function freeSendBuffer(socket: object): void {
  unlock(socket, SOCK_SNDBUF_LOCK);
}

function unlock(socket: object, buffer: number): void {
  const fd = isLinux ? descriptorOf(socket) : -1;
  if (fd >= 0) setOption(fd, SOL_SOCKET, SO_BUF_LOCK, getOption(fd, SO_BUF_LOCK) & ~buffer);
}

/** The kind of a descriptor that came from elsewhere. */
type SocketFacts = {
  /** Listens for streams. */
  readonly isListening: boolean;
  /** Null: of another family, or none. */
  readonly address: Endpoint | null;
};

/** Null: it is no socket. */
export function inspectSocket(fd: number): SocketFacts | null {
  const type = getOption(fd, SO_TYPE);
  if (type < 0) return null;
  const bytes = new Uint8Array(new ArrayBuffer(128));
  const length = new Int32Array(new ArrayBuffer(4)).fill(bytes.length);
  const isNamed = getLibc().getsockname(fd, bytes, length) === 0;
  const isListening = type === SOCK_STREAM && getOption(fd, SO_ACCEPTCONN) === 1;
  return { isListening, address: isNamed ? decodeSockaddr(bytes.subarray(0, length[0])) : null };
}

/** Where a connected socket's other end is; null: it has no address, or is not connected any more. */
export function peerEndpoint(fd: number): Endpoint | null {
  const bytes = new Uint8Array(new ArrayBuffer(128));
  const length = new Int32Array(new ArrayBuffer(4)).fill(bytes.length);
  if (getLibc().getpeername(fd, bytes, length) !== 0) return null;
  return decodeSockaddr(bytes.subarray(0, length[0]));
}

/** Others that set SO_REUSEPORT may bind to the same address. */
export function isJoinable(fd: number): boolean {
  return getOption(fd, SO_REUSEPORT) === 1;
}

/** No child inherits it. */
export function closeOnExec(fd: number): void {
  getLibc().fcntl(fd, F_SETFD, FD_CLOEXEC);
}

export function closeDescriptor(fd: number): void {
  getLibc().close(fd);
}

/** @returns its value, or a negative errno */
function getOption(fd: number, name: number): number {
  const length = new Int32Array(new ArrayBuffer(4)).fill(4);
  const error = getLibc().getsockopt(fd, SOL_SOCKET, name, optionPointer, length);
  return error < 0 ? -errno() : (optionValue[0] ?? 0);
}

/** @returns below 0 when it failed */
export function setOption(fd: number, level: number, name: number, value: number): number {
  optionValue[0] = value;
  return getLibc().setsockopt(fd, level, name, optionPointer, 4);
}

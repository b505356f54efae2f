// The few calls of libc that loads and backends need where Bun's own sockets would be in the way:
// their timers tick in milliseconds, and their garbage collector shows in the tail of a latency.
import { dlopen, FFIType, ptr } from "bun:ffi";
import { readFileSync } from "node:fs";

const { i32, u32, u64, ptr: pointer } = FFIType;

const isMusl = readFileSync("/proc/self/maps", "utf8").includes("/ld-musl-");
const machine = process.arch === "arm64" ? "aarch64" : "x86_64";

export const libc = dlopen(isMusl ? `libc.musl-${machine}.so.1` : "libc.so.6", {
  socket: { args: [i32, i32, i32], returns: i32 },
  setsockopt: { args: [i32, i32, i32, pointer, u32], returns: i32 },
  bind: { args: [i32, pointer, u32], returns: i32 },
  listen: { args: [i32, i32], returns: i32 },
  connect: { args: [i32, pointer, u32], returns: i32 },
  accept4: { args: [i32, pointer, pointer, i32], returns: i32 },
  fcntl: { args: [i32, i32, i32], returns: i32 },
  recv: { args: [i32, pointer, u64, i32], returns: i32 },
  send: { args: [i32, pointer, u64, i32], returns: i32 },
  read: { args: [i32, pointer, u64], returns: i32 },
  close: { args: [i32], returns: i32 },
  epoll_create1: { args: [i32], returns: i32 },
  epoll_ctl: { args: [i32, i32, i32, pointer], returns: i32 },
  epoll_wait: { args: [i32, pointer, i32, i32], returns: i32 },
  timerfd_create: { args: [i32, i32], returns: i32 },
  timerfd_settime: { args: [i32, i32, pointer, pointer], returns: i32 },
}).symbols;

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const F_SETFL = 4;
const O_NONBLOCK = 0o4000;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;
const MSG_NOSIGNAL = 0x4000;
const CLOCK_MONOTONIC = 1;
/** struct epoll_event is packed on x86-64 only. */
const EVENT_BYTES = process.arch === "x64" ? 12 : 16;
const EVENT_DATA_AT = EVENT_BYTES - 8;
const MAX_EVENTS = 256;

const NO_POINTER = null;
const one = ptr(Int32Array.of(1));

function loopback(port: number): Uint8Array {
  return Uint8Array.of(AF_INET, 0, port >> 8, port & 255, 127, 0, 0, 1, ...new Array(8).fill(0));
}

/** Throws when the call failed. */
function done(call: string, result: number): number {
  if (result < 0) throw new Error(`${call} failed`);
  return result;
}

function setNonBlocking(fd: number): void {
  done("fcntl", libc.fcntl(fd, F_SETFL, O_NONBLOCK));
  libc.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, one, 4);
}

/** A listening socket on 127.0.0.1 that doesn't block. */
export function listenOn(port: number, backlog: number): number {
  const fd = done("socket", libc.socket(AF_INET, SOCK_STREAM, 0));
  libc.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, one, 4);
  done(`bind to ${port}`, libc.bind(fd, ptr(loopback(port)), 16));
  done("listen", libc.listen(fd, backlog));
  setNonBlocking(fd);
  return fd;
}

/** A client of 127.0.0.1; waits for the connection, and doesn't block afterwards. */
export function connectTo(port: number): number {
  const fd = done("socket", libc.socket(AF_INET, SOCK_STREAM, 0));
  done(`connect to ${port}`, libc.connect(fd, ptr(loopback(port)), 16));
  setNonBlocking(fd);
  return fd;
}

/** A client of 127.0.0.1 that nobody waits for: it may never be connected. */
export function dial(port: number): void {
  const fd = done("socket", libc.socket(AF_INET, SOCK_STREAM, 0));
  setNonBlocking(fd);
  libc.connect(fd, ptr(loopback(port)), 16);
}

/** The next client, or less than zero. */
export function acceptFrom(listener: number): number {
  const fd = libc.accept4(listener, NO_POINTER, NO_POINTER, O_NONBLOCK);
  if (fd >= 0) libc.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, one, 4);
  return fd;
}

/** What was read: 0 at the end of stream, less than zero when there is nothing, or it was reset. */
export function receive(fd: number, into: Uint8Array): number {
  return libc.recv(fd, ptr(into), into.byteLength, 0);
}

export function send(fd: number, bytes: Uint8Array, length: number): number {
  return libc.send(fd, ptr(bytes), length, MSG_NOSIGNAL);
}

/** A descriptor that becomes readable every `intervalNs`, for an `Epoll`. */
export function timer(intervalNs: number): number {
  const fd = done("timerfd_create", libc.timerfd_create(CLOCK_MONOTONIC, O_NONBLOCK));
  const interval = [BigInt(Math.floor(intervalNs / 1e9)), BigInt(intervalNs % 1e9)] as const;
  const times = BigInt64Array.of(...interval, ...interval);
  done("timerfd_settime", libc.timerfd_settime(fd, 0, ptr(times), NO_POINTER));
  return fd;
}

const expirations = new BigUint64Array(1);

/** Makes a timer wait for its next interval. */
export function takeTick(timer: number): void {
  libc.read(timer, ptr(expirations), 8);
}

/** Waits for descriptors to be readable, level-triggered. */
export class Epoll {
  private readonly fd = done("epoll_create1", libc.epoll_create1(0));
  private readonly events = new DataView(new ArrayBuffer(EVENT_BYTES * MAX_EVENTS));
  private readonly eventsAt = ptr(this.events);

  add(fd: number): void {
    const event = new DataView(new ArrayBuffer(EVENT_BYTES));
    event.setUint32(0, EPOLLIN, true);
    event.setUint32(EVENT_DATA_AT, fd, true);
    done("epoll_ctl", libc.epoll_ctl(this.fd, EPOLL_CTL_ADD, fd, ptr(event)));
  }

  /** How many are ready; `ready(i)` names them. Blocks this thread, for ever at -1. */
  wait(timeoutMs: number): number {
    return libc.epoll_wait(this.fd, this.eventsAt, MAX_EVENTS, timeoutMs);
  }

  ready(index: number): number {
    return this.events.getUint32(index * EVENT_BYTES + EVENT_DATA_AT, true);
  }
}

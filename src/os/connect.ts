// A connect that can be cancelled and tells the kernel's true error. For dials and probes.
//
// On Linux: socket(2) and connect(2) by libc, then Bun adopts the descriptor while it is still
// connecting. Elsewhere Bun.connect does it all, and a pending one can't be cancelled.
import { type Endpoint, parseIp } from "../base/address.ts";
import {
  EAGAIN,
  ECONNREFUSED,
  EINPROGRESS,
  EINVAL,
  IP_BIND_ADDRESS_NO_PORT,
  IPPROTO_IP,
  IPPROTO_TCP,
  SO_BUF_LOCK,
  SO_RCVBUF,
  SO_REUSEADDR,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_QUICKACK,
  TCP_USER_TIMEOUT,
} from "./abi.ts";
import { isEphemeral } from "./ephemeral-ports.ts";
import { errno, getLibc, isLinux } from "./libc.ts";
import { encodeSockaddr, encodeUnixSockaddr, type Sockaddr } from "./sockaddr.ts";
import { setOption } from "./socket.ts";

/** The events of a socket, with the session or probe that it belongs to in `socket.data`. */
export type SocketHandlers<Data> = {
  /** There is a handle: not connected yet. `terminate()` on it cancels. */
  open(socket: Bun.Socket<Data>): void;
  /** The first one: connected. Later ones: there may be room to write. */
  drain(socket: Bun.Socket<Data>): void;
  data(socket: Bun.Socket<Data>, chunk: Buffer): void;
  /** The peer's FIN. */
  end(socket: Bun.Socket<Data>): void;
  /** Before the first drain: the connect failed, `error.code` says how. */
  close(socket: Bun.Socket<Data>, error?: Error): void;
  /** A handler threw. */
  error(socket: Bun.Socket<Data>, error: Error): void;
};

export type ConnectOptions<Data> = {
  readonly endpoint: Endpoint;
  readonly handlers: SocketHandlers<Data>;
  readonly data: Data;
  /** There are bytes to write as soon as it is connected. Default false. */
  readonly isSpeakingFirst?: boolean;
  /** How long sent bytes may stay unconfirmed. Default 0: as long as the kernel says. */
  readonly userTimeoutMs?: number;
  /** Addresses of this host, of which it comes from one of the endpoint's family, each in turn. Default: the
   *  kernel's choice, also where none is of that family. Linux only. */
  readonly sources?: readonly string[];
  /** The size of its receive buffer. Default 0: the kernel's own. */
  readonly receiveBytes?: number;
};

/**
 * Begins to connect. On Linux `open` has been called when it returns 0.
 *
 * @returns 0, or the errno with which it failed at once: then no handler is called
 */
export function connectTo<Data>(options: ConnectOptions<Data>): number {
  return isLinux ? connectByLibc(options) : connectByBun(options);
}

/** Where nobody listens at a port of this host, the kernel may give a dial that very port for its own end:
 *  both ends are then one socket (a simultaneous open, RFC 9293, 3.5), which echoes what is sent. */
export function isConnectedToItself(socket: Bun.Socket<unknown>, endpoint: Endpoint): boolean {
  if (endpoint.family === "unix" || !isEphemeral(endpoint.port)) return false;
  return socket.localPort === endpoint.port && socket.localAddress === socket.remoteAddress;
}

function connectByLibc<Data>(options: ConnectOptions<Data>): number {
  const libc = getLibc();
  const { endpoint, isSpeakingFirst = false, sources = [] } = options;
  const { userTimeoutMs = 0, receiveBytes = 0 } = options;
  const isTcp = endpoint.family !== "unix";
  const address = sockaddrOf(endpoint);
  if (address === null) return EINVAL;
  const fd = libc.socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno();
  // A listener may be opened on the port that the kernel gives to this end, while it is connected and in
  // its TIME_WAIT (socket(7); 0.6 µs a dial, 2026-11-26).
  if (isTcp) setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  // The ACK that ends the handshake then rides on the first bytes: a packet less each way.
  if (isTcp && isSpeakingFirst) setOption(fd, IPPROTO_TCP, TCP_QUICKACK, 0);
  if (isTcp && userTimeoutMs > 0) setOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, userTimeoutMs);
  if (isTcp && receiveBytes > 0) beginSmall(fd, receiveBytes);
  const bindError = sources.length === 0 ? 0 : bindTo(fd, endpoint, sources);
  if (bindError !== 0) {
    libc.close(fd);
    return bindError;
  }
  if (libc.connect(fd, address.pointer, address.bytes.length) < 0) {
    const error = errno();
    if (error !== EINPROGRESS) {
      libc.close(fd);
      // A unix socket whose queue is full: the backend's trouble, not this host's (connect(2); nginx
      // takes it for a refusal as well).
      return error === EAGAIN && !isTcp ? ECONNREFUSED : error;
    }
  }
  if (isTcp && receiveBytes > 0) setOption(fd, SOL_SOCKET, SO_RCVBUF, receiveBytes);
  // The promise only repeats what the handlers tell.
  Bun.connect<Data>({
    fd,
    allowHalfOpen: true,
    data: options.data,
    socket: options.handlers,
  } as unknown as Bun.TCPSocketConnectOptions<Data>).catch(ignore);
  return 0;
}

/** The SYN offers a small window that may grow later: the scale of it is the kernel's own, as a size that was
 *  locked would bound it for good (Linux 5.14 and later). */
function beginSmall(fd: number, receiveBytes: number): void {
  setOption(fd, SOL_SOCKET, SO_RCVBUF, receiveBytes);
  setOption(fd, SOL_SOCKET, SO_BUF_LOCK, 0);
}

let binds = 0;
const sourceAddresses = new Map<string, Sockaddr>();

/** The kernel picks the port at the connect, when it knows where that goes: one may serve for each backend
 *  (IP_BIND_ADDRESS_NO_PORT, ip(7)). Returns the errno. */
function bindTo(fd: number, { family }: Endpoint, sources: readonly string[]): number {
  const fitting = sources.filter((ip) => parseIp(ip)?.family === family);
  const ip = fitting[binds++ % Math.max(1, fitting.length)];
  if (ip === undefined) return 0;
  const address = sourceAddresses.get(ip) ?? encodeSockaddr(ip, 0);
  sourceAddresses.set(ip, address);
  setOption(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  return getLibc().bind(fd, address.pointer, address.bytes.length) < 0 ? errno() : 0;
}

/** A connect that hangs can't be cancelled here and holds its descriptor for a minute and more. */
const MAX_PENDING = 512;
let pending = 0;

function connectByBun<Data>(options: ConnectOptions<Data>): number {
  const { handlers, endpoint } = options;
  if (pending >= MAX_PENDING) return EAGAIN;
  pending++;
  Bun.connect<Data>({
    ...(endpoint.family === "unix"
      ? { unix: endpoint.path }
      : { hostname: endpoint.ip, port: endpoint.port }),
    allowHalfOpen: true,
    data: options.data,
    socket: {
      ...handlers,
      open(socket) {
        pending--;
        handlers.open(socket);
        handlers.drain(socket);
      },
      connectError(socket, error) {
        pending--;
        handlers.close(socket, error);
      },
    },
  } as Bun.TCPSocketConnectOptions<Data>).catch(ignore);
  return 0;
}

const sockaddrs = new WeakMap<Endpoint, Sockaddr>();

/** Null: a path that is too long. */
function sockaddrOf(endpoint: Endpoint): Sockaddr | null {
  const present = sockaddrs.get(endpoint);
  if (present !== undefined) return present;
  const address =
    endpoint.family === "unix"
      ? encodeUnixSockaddr(endpoint.path)
      : encodeSockaddr(endpoint.ip, endpoint.port);
  if (address !== null) sockaddrs.set(endpoint, address);
  return address;
}

function ignore(): void {}

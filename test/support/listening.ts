// A socket that listens and that nobody here accepts from, as systemd keeps one.
import { AF_INET6, AF_UNIX, SOCK_CLOEXEC, SOCK_STREAM } from "../../src/os/abi.ts";
import { getLibc } from "../../src/os/libc.ts";
import { encodeSockaddr, encodeUnixSockaddr } from "../../src/os/sockaddr.ts";
import { freePort } from "./ports.ts";

export type ListeningSocket = Disposable & { readonly fd: number; readonly port: number };

export function listening(ip = "127.0.0.1", port = freePort()): ListeningSocket {
  const libc = getLibc();
  const address = encodeSockaddr(ip, port);
  const fd = libc.socket(address.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (libc.bind(fd, address.pointer, address.bytes.length) < 0 || libc.listen(fd, 128) < 0) {
    throw new Error(
      `cannot listen on ${ip} (${address.family === AF_INET6 ? "v6" : "v4"}) ${port}`,
    );
  }
  return { fd, port, [Symbol.dispose]: () => void libc.close(fd) };
}

/** At a path; the file stays when it is disposed of. */
export function listeningUnix(path: string, backlog = 128): Disposable & { readonly fd: number } {
  const libc = getLibc();
  const address = encodeUnixSockaddr(path);
  const fd = libc.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (
    address === null ||
    libc.bind(fd, address.pointer, address.bytes.length) < 0 ||
    libc.listen(fd, backlog) < 0
  ) {
    throw new Error(`cannot listen on ${path}`);
  }
  return { fd, [Symbol.dispose]: () => void libc.close(fd) };
}

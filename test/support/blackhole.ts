// A port where a connection neither succeeds nor fails: a listening socket whose queue is full and
// that nobody accepts from, so that the kernel drops every further SYN.
import { dlopen, ptr } from "bun:ffi";
import { freePort } from "./ports.ts";

const AF_INET = 2;
const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0o4000 | 0o2000000;
/** Room for one or two connections; the further ones only make sure. */
const FILLERS = 4;

const libc = () =>
  dlopen("libc.so.6", {
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
    listen: { args: ["i32", "i32"], returns: "i32" },
    connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
  }).symbols;

export type Blackhole = Disposable & { readonly port: number };

export function blackhole(): Blackhole {
  const { socket, bind, listen, connect, close } = libc();
  const port = freePort();
  const address = new Uint8Array(new ArrayBuffer(16));
  address.set([AF_INET, 0, port >> 8, port & 255, 127, 0, 0, 1]);
  const open = () => socket(AF_INET, SOCK_STREAM_NONBLOCK_CLOEXEC, 0);
  const fds = [open()];
  if (bind(fds[0]!, ptr(address), 16) < 0) throw new Error(`bind of port ${port} failed`);
  if (listen(fds[0]!, 0) < 0) throw new Error("listen failed");
  for (let i = 0; i < FILLERS; i++) {
    const fd = open();
    connect(fd, ptr(address), 16);
    fds.push(fd);
  }
  return {
    port,
    [Symbol.dispose]() {
      for (const fd of fds) close(fd);
    },
  };
}

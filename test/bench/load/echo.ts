// The echo backend, a process of its own: `bun echo.ts PORT BACKLOG`. Never allocates while it serves.
import { acceptFrom, Epoll, libc, listenOn, receive, send } from "./libc.ts";

/** Larger than any message of these loads: what was read is echoed in one send. */
const buffer = new Uint8Array(16 * 1024);

const listener = listenOn(Number(process.argv[2]), Number(process.argv[3]));
const epoll = new Epoll();
epoll.add(listener);
for (;;) {
  const count = epoll.wait(-1);
  for (let i = 0; i < count; i++) {
    const fd = epoll.ready(i);
    if (fd === listener) acceptAll();
    else echo(fd);
  }
}

function acceptAll(): void {
  for (let fd = acceptFrom(listener); fd >= 0; fd = acceptFrom(listener)) epoll.add(fd);
}

function echo(fd: number): void {
  const bytes = receive(fd, buffer);
  // Readable and yet nothing to read: it was reset.
  if (bytes <= 0) libc.close(fd);
  else send(fd, buffer, bytes);
}

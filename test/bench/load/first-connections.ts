// A number of connections as fast as they go, a process of its own:
// `bun first-connections.ts PORT COUNT AT_ONCE FILE`. Each sends the file's bytes, reads as many back
// and closes. Prints "done".
import { readFileSync } from "node:fs";
import { connectTo, Epoll, libc, receive, send } from "./libc.ts";

const WITHIN_MS = 30_000;

const [port = 0, count = 0, atOnce = 0] = process.argv.slice(2).map(Number);
const message = new Uint8Array(readFileSync(process.argv[5] ?? ""));
const buffer = new Uint8Array(64 * 1024);
const epoll = new Epoll();
/** How many bytes are still to come, by descriptor. */
const missing = new Map<number, number>();
const deadline = performance.now() + WITHIN_MS;

let opened = 0;
for (; opened < Math.min(count, atOnce); opened++) open();
while (missing.size > 0) {
  if (performance.now() > deadline) throw new Error(`${missing.size} got no echo`);
  const ready = epoll.wait(100);
  for (let i = 0; i < ready; i++) take(epoll.ready(i));
}
console.log("done");
process.exit(0);

function open(): void {
  const fd = connectTo(port);
  epoll.add(fd);
  missing.set(fd, message.byteLength);
  const taken = send(fd, message, message.byteLength);
  if (taken !== message.byteLength) throw new Error(`send took ${taken} bytes`);
}

function take(fd: number): void {
  const bytes = receive(fd, buffer);
  if (bytes <= 0) throw new Error("a connection ended before its echo was complete");
  const left = (missing.get(fd) ?? 0) - bytes;
  if (left > 0) {
    missing.set(fd, left);
    return;
  }
  missing.delete(fd);
  libc.close(fd);
  if (opened >= count) return;
  opened++;
  open();
}

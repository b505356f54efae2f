// Connections that have had one echo and say nothing more, a process of its own:
// `bun idle.ts PORT COUNT`. Prints "ready", and holds them until it is killed.
import { connectTo, receive, send } from "./libc.ts";

const [port = 0, count = 0] = process.argv.slice(2).map(Number);
const message = new Uint8Array(64);
const WITHIN_MS = 5000;

for (let i = 0; i < count; i++) {
  const fd = connectTo(port);
  send(fd, message, message.byteLength);
  const deadline = performance.now() + WITHIN_MS;
  while (receive(fd, message) <= 0) {
    if (performance.now() > deadline) throw new Error(`connection ${i + 1} got no echo`);
    await Bun.sleep(0);
  }
}
console.log("ready");
setInterval(() => {}, 1000);

// Fills the accept queue of a frozen listener, a process of its own: `bun fill-queue.ts PORT COUNT`.
// Prints "full", and holds its connections until it is killed.
import { dial } from "./libc.ts";

const [port = 0, count = 0] = process.argv.slice(2).map(Number);
for (let i = 0; i < count; i++) dial(port);
console.log("full");
setInterval(() => {}, 1000);

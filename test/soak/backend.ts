// A backend in a process of its own, to be killed: `bun backend.ts PORT NAME`. Answers each
// connection's first bytes with its name and 1 KiB, and finishes.
import { peer } from "../support/peer.ts";

const [port, name] = process.argv.slice(2);
const answer = `${name}\n`.padEnd(1024, ".");

peer(
  async (wire) => {
    await wire.read(1);
    void wire.send(answer);
    wire.finish();
  },
  { port: Number(port) },
);
console.log("listening");

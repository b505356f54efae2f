// A thread with sessions that ends by itself, once it is told to.
import { endSessionsAtExit } from "../../../src/data/relay/thread-messages.ts";

declare const self: { onmessage: (() => void) | null; postMessage(message: unknown): void };

const sessions = new Set<{ end(reason: string): void }>();
const access = { flush: () => self.postMessage("flushed") };
endSessionsAtExit(() => ({ sessions, access }) as never);

const { port } = Bun.listen({
  ...{ hostname: "127.0.0.1", port: 0 },
  socket: {
    open(socket) {
      const end = (reason: string) => {
        self.postMessage(reason);
        socket.terminate();
      };
      sessions.add({ end });
      socket.write("hello");
    },
    data() {},
  },
});

self.onmessage = () => process.exit(3);
self.postMessage(port);

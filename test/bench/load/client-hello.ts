// What a TLS client sends first: what a balancer routes by. An echo backend sends it back, so that a
// connection costs the balancer what a routed one does, and the machine no handshake.
import { createServer } from "node:net";
import { connect } from "node:tls";

/** Of this runtime's own TLS client, which asks for `name`. */
export async function clientHello(name: string): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (bytes: Buffer) => {
      socket.destroy();
      resolve(bytes);
    });
  });
  server.on("error", reject);
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    connect({ host: "127.0.0.1", port, servername: name }).on("error", () => {});
  });
  return await promise.finally(() => server.close());
}

// A backend of the demo: names itself to curl and to nc alike.

export type DemoBackend = {
  readonly name: string;
  readonly port: number;
  readonly stop: () => void;
};

/** Answers whatever comes, or silence after a moment (nc), with its name, and closes. */
export function startBackend(name: string): DemoBackend {
  const text = `hello from ${name}\n`;
  const listener = Bun.listen<{ timer: Timer | null }>({
    hostname: "127.0.0.1",
    port: 0,
    allowHalfOpen: true,
    socket: {
      open(socket) {
        socket.data = { timer: setTimeout(() => answer(socket, text), SILENCE_MS) };
      },
      data(socket, chunk) {
        if (socket.data.timer === null) return;
        answer(socket, /^[A-Z]+ \S+ HTTP\/1\./.test(chunk.toString("latin1")) ? http(text) : text);
      },
      end(socket) {
        answer(socket, "");
      },
      error(socket) {
        socket.terminate();
      },
    },
  });
  return { name, port: listener.port, stop: () => listener.stop(true) };
}

/** A client that has said nothing for so long is a person with nc. */
const SILENCE_MS = 500;

function answer(socket: Bun.Socket<{ timer: Timer | null }>, text: string): void {
  if (socket.data.timer === null) return;
  clearTimeout(socket.data.timer);
  socket.data.timer = null;
  // So short a text fits into any socket that was just accepted.
  if (text !== "") socket.write(text);
  socket.shutdown();
}

function http(text: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`;
}

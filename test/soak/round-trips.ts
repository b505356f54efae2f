// A process of its own for test/soak/apply-gaps.ts, so that its clock is late for nothing else: a backend that
// echoes, and clients that send their clock through bal at a fixed rate. Over IPC it is told when to begin
// a window, and answers with how long the slowest message of it took.

/** Sent when the echo listens. */
export type Ready = { readonly port: number };

export type Order =
  | { readonly kind: "connect"; readonly port: number; readonly sessions: number }
  | { readonly kind: "begin" }
  | { readonly kind: "end" };

/** Of the sessions that live at the end of the window. */
export type Window = {
  readonly sessions: number;
  readonly messages: number;
  readonly longestMs: number;
};

const EVERY_MS = 2;
const MESSAGE_BYTES = 8;

type Client = {
  socket: Bun.Socket<Client> | null;
  messages: number;
  longestMs: number;
  /** When the oldest message was sent that is not back. */
  readonly underWay: number[];
  partial: number;
};

let clients: Client[] = [];

const echo = Bun.listen({
  hostname: "0.0.0.0",
  port: 0,
  socket: {
    data(socket, chunk) {
      socket.write(chunk);
    },
  },
});

function took(client: Client, bytes: number): void {
  const nowMs = performance.now();
  client.partial += bytes;
  for (; client.partial >= MESSAGE_BYTES; client.partial -= MESSAGE_BYTES) {
    const sentMs = client.underWay.shift() ?? nowMs;
    client.messages++;
    client.longestMs = Math.max(client.longestMs, nowMs - sentMs);
  }
}

async function open(port: number): Promise<Client> {
  const client: Client = { socket: null, messages: 0, longestMs: 0, underWay: [], partial: 0 };
  client.socket = await Bun.connect<Client>({
    hostname: "127.0.0.1",
    port,
    data: client,
    socket: {
      data: (socket, chunk) => took(socket.data, chunk.byteLength),
      close: (socket) => {
        socket.data.socket = null;
      },
    },
  });
  return client;
}

setInterval(() => {
  for (const client of clients) {
    if (client.socket === null) continue;
    client.underWay.push(performance.now());
    client.socket.write(new Uint8Array(MESSAGE_BYTES));
  }
}, EVERY_MS);

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case "connect":
      for (const { socket } of clients) socket?.terminate();
      clients = await Promise.all(Array.from({ length: order.sessions }, () => open(order.port)));
      return answer();
    case "begin":
      for (const client of clients) Object.assign(client, { messages: 0, longestMs: 0 });
      return;
    case "end":
      return answer();
  }
}

function answer(): void {
  const living = clients.filter(({ socket }) => socket !== null);
  const window: Window = {
    sessions: living.length,
    messages: living.reduce((sum, { messages }) => sum + messages, 0),
    longestMs: Math.max(0, ...living.map(({ longestMs }) => longestMs)),
  };
  process.send?.(window);
}

process.on("message", (order: Order) => void obey(order));
process.on("disconnect", () => process.exit(0));
process.send?.({ port: echo.port } satisfies Ready);

// One end of a TCP connection as a test holds it: sends with backpressure, half-closes, resets,
// stalls, and tells a clean end of stream from a reset. Clients and peers are made of it.
import { createConnection } from "node:net";

/** How the other side's stream ended. */
export type Ending = "eof" | "reset";

export type ReadToEnd = { readonly ending: Ending; readonly text: string };

type WireSocket = Bun.Socket<Wire>;
type Waiter = { readonly isDone: () => boolean; readonly resolve: () => void };

export class Wire implements Disposable {
  /** How the incoming stream ended; a FIN that came first stays "eof" when a reset follows. */
  readonly ended: Promise<Ending>;
  /** The socket is gone: "reset" when a reset came at any time, after a FIN too. */
  readonly closed: Promise<Ending>;
  bytesReceived = 0;
  isClosed = false;
  /** Takes what arrives instead of keeping it. */
  sink: ((chunk: Uint8Array) => void) | null = null;
  socket: WireSocket | null = null;
  private chunks: Uint8Array[] = [];
  private queue: Uint8Array[] = [];
  private waiters: Waiter[] = [];
  private ending: Ending | null = null;
  private isFinishing = false;
  private isFinished = false;
  private isWriteFailed = false;
  private resolveEnded: (ending: Ending) => void;
  private resolveClosed: (ending: Ending) => void;

  constructor() {
    const ended = Promise.withResolvers<Ending>();
    const closed = Promise.withResolvers<Ending>();
    this.ended = ended.promise;
    this.closed = closed.promise;
    this.resolveEnded = ended.resolve;
    this.resolveClosed = closed.resolve;
  }

  /** Resolves when the kernel has taken all of it: true; or the connection ended before: false. */
  async send(bytes: Uint8Array | string): Promise<boolean> {
    if (this.isClosed || this.isWriteFailed) return false;
    this.queue.push(typeof bytes === "string" ? Buffer.from(bytes) : bytes);
    this.flush();
    await this.wait(() => this.queue.length === 0 || this.isWriteFailed);
    return !this.isWriteFailed && this.queue.length === 0;
  }

  /** Sends chunk after chunk, each when the one before is in the kernel. */
  async pump(source: Iterable<Uint8Array>): Promise<boolean> {
    let sent = 0;
    for (const chunk of source) {
      if (!(await this.send(chunk))) return false;
      // Where the other end takes all at once, nothing here would ever wait, and no event be seen.
      if (++sent % 32 === 0) await new Promise(setImmediate);
    }
    return true;
  }

  /** FIN, after everything that was sent before. */
  finish(): void {
    this.isFinishing = true;
    this.flush();
  }

  /** RST, at once. */
  reset(): void {
    this.socket?.terminate();
  }

  pause(): void {
    this.socket?.pause();
  }

  resume(): void {
    this.socket?.resume();
  }

  /** All that has come so far, as text. */
  text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  /** Waits for so many bytes; the text so far. Throws when the stream ends before. */
  async read(bytes: number): Promise<string> {
    await this.wait(() => this.bytesReceived >= bytes || this.ending !== null);
    if (this.bytesReceived >= bytes) return this.text();
    throw new Error(`${this.ending} after ${this.bytesReceived} of ${bytes} bytes`);
  }

  async readToEnd(): Promise<ReadToEnd> {
    const ending = await this.ended;
    return { ending, text: this.text() };
  }

  [Symbol.dispose](): void {
    this.reset();
  }

  opened(socket: WireSocket): void {
    this.socket = socket;
  }

  received(chunk: Uint8Array): void {
    this.bytesReceived += chunk.byteLength;
    if (this.sink !== null) this.sink(chunk);
    else this.chunks.push(chunk);
    this.wake();
  }

  // A failed send eats the socket's error: the `end` that follows is no FIN.
  sawEnd(): void {
    this.conclude(this.isWriteFailed ? "reset" : "eof");
  }

  sawClose(error: Error | undefined): void {
    const how = error !== undefined || this.isWriteFailed ? "reset" : "eof";
    this.isClosed = true;
    this.conclude(how);
    this.resolveClosed(how);
    this.wake();
  }

  flush(): void {
    const { socket, queue } = this;
    if (socket === null) return;
    while (queue.length > 0) {
      const chunk = queue[0]!;
      const taken = socket.write(chunk);
      if (taken < 0) {
        this.isWriteFailed = true;
        return this.wake();
      }
      if (taken < chunk.byteLength) {
        queue[0] = chunk.subarray(taken);
        return;
      }
      queue.shift();
    }
    if (this.isFinishing && !this.isFinished) {
      this.isFinished = true;
      socket.shutdown();
    }
    this.wake();
  }

  private conclude(ending: Ending): void {
    if (this.ending !== null) return;
    this.ending = ending;
    this.resolveEnded(ending);
    this.wake();
  }

  private wait(isDone: () => boolean): Promise<void> {
    const done = () => this.isClosed || isDone();
    if (done()) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push({ isDone: done, resolve }));
  }

  private wake(): void {
    const ready = this.waiters.filter((waiter) => waiter.isDone());
    if (ready.length === 0) return;
    this.waiters = this.waiters.filter((waiter) => !ready.includes(waiter));
    for (const waiter of ready) waiter.resolve();
  }
}

/** Socket events of both clients and peers. */
export const wireEvents = {
  data: (socket: WireSocket, chunk: Uint8Array) => socket.data.received(chunk),
  drain: (socket: WireSocket) => socket.data.flush(),
  end: (socket: WireSocket) => socket.data.sawEnd(),
  close: (socket: WireSocket, error?: Error) => socket.data.sawClose(error),
  error: (_: WireSocket, error: Error) => {
    throw error;
  },
};

export type ConnectOptions = {
  readonly host?: string;
  /** Read nothing until `resume()`. */
  readonly isPaused?: boolean;
};

/** Connects a client to a port, or the path of a unix socket. Rejects when it is refused; one that was reset
 *  in the same moment is a reset wire. */
export async function connect(place: number | string, options: ConnectOptions = {}): Promise<Wire> {
  const wire = new Wire();
  const to =
    typeof place === "string"
      ? { unix: place.replace(/^@/, "\0") }
      : { hostname: options.host ?? "127.0.0.1", port: place };
  const connecting = Bun.connect<Wire>({
    ...to,
    allowHalfOpen: true,
    data: wire,
    socket: {
      ...wireEvents,
      open: (socket) => {
        wire.opened(socket);
        if (options.isPaused) wire.pause();
      },
      // Without it a refused connection is an unhandled rejection as well.
      connectError: () => {},
    },
  } as Bun.TCPSocketConnectOptions<Wire>);
  await connecting.catch((error) => {
    if (error.code !== "ECONNRESET") throw error;
    wire.sawClose(error);
  });
  return wire;
}

/** One exchange: sends `text`, half-closes, reads to the end. */
export async function exchange(
  place: number | string,
  text: string,
  options?: ConnectOptions,
): Promise<ReadToEnd> {
  using wire = await connect(place, options);
  void wire.send(text);
  wire.finish();
  return await wire.readToEnd();
}

/** One byte from an address of this host's own, and all that comes back. */
export function exchangeFrom(address: string, port: number): Promise<ReadToEnd> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port, localAddress: address });
    let text = "";
    socket.setEncoding("utf8");
    socket.on("connect", () => socket.write("?"));
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("end", () => resolve({ ending: "eof", text }));
    socket.on("error", () => resolve({ ending: "reset", text }));
  });
}

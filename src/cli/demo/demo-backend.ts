// A backend of the demo: names itself to curl and to nc alike, and can go away for a while.
import { codeOf } from "../../base/os-error.ts";

type Peer = Bun.Socket<{ timer: Timer | null }>;

/** A client that has said nothing for so long is a person with nc. */
const SILENCE_MS = 500;
const RETRY_MS = 100;

export class DemoBackend implements Disposable {
  readonly name: string;
  readonly port: number;
  private listener: Bun.TCPSocketListener<{ timer: Timer | null }> | null;
  private isEnded = false;

  constructor(name: string) {
    this.name = name;
    this.listener = this.listen(0);
    this.port = this.listener.port;
  }

  /** Its clients are cut off, and clients that dial are refused. */
  leave(): void {
    this.listener?.stop(true);
    this.listener = null;
  }

  /** Resolves when it is there again, as soon as nobody else has its port. */
  async comeBack(): Promise<void> {
    while (this.listener === null && !this.isEnded) {
      try {
        this.listener = this.listen(this.port);
      } catch (error) {
        if (codeOf(error) !== "EADDRINUSE") throw error;
        await Bun.sleep(RETRY_MS);
      }
    }
  }

  [Symbol.dispose](): void {
    this.isEnded = true;
    this.leave();
  }

  /** Answers whatever comes, or silence after a moment, with its name, and closes. */
  private listen(port: number) {
    const text = `hello from ${this.name}\n`;
    return Bun.listen<{ timer: Timer | null }>({
      hostname: "127.0.0.1",
      port,
      allowHalfOpen: true,
      socket: {
        open(socket) {
          socket.data = { timer: setTimeout(() => answer(socket, text), SILENCE_MS) };
        },
        data(socket, chunk) {
          const isHttp = /^[A-Z]+ \S+ HTTP\/1\./.test(chunk.toString("latin1"));
          answer(socket, isHttp ? http(text) : text);
        },
        end(socket) {
          answer(socket, "");
        },
        error(socket) {
          socket.terminate();
        },
      },
    });
  }
}

function answer(socket: Peer, text: string): void {
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

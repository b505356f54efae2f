// A connection of a client that sends a request and waits for its answer, each within a time.
import { connect, type Socket } from "node:net";

/** A client gives an answer up after so long, as clients of databases are set to. */
const ANSWER_MS = 3000;
const CONNECT_MS = 8000;

export class Connection {
  isOpen = true;
  private readonly socket: Socket;
  private bytes: Buffer = Buffer.alloc(0);
  private wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.bytes = Buffer.concat([this.bytes, chunk]);
      this.wake();
    });
    for (const event of ["error", "close", "end"]) {
      socket.on(event, () => {
        this.isOpen = false;
        this.wake();
      });
    }
  }

  static open(port: number, host = "127.0.0.1"): Promise<Connection> {
    const socket = connect({ host, port, noDelay: true });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => socket.destroy(new Error("no connection")), CONNECT_MS);
      socket.once("connect", () => {
        clearTimeout(timer);
        resolve(new Connection(socket));
      });
      socket.once("error", reject);
    });
  }

  /** What `whole` makes of the answer once it is not null; null: it did not come, and the connection is closed. */
  async ask<T>(request: Buffer | string, whole: (bytes: Buffer) => T | null): Promise<T | null> {
    this.bytes = Buffer.alloc(0);
    if (!this.isOpen) return null;
    this.socket.write(request);
    const deadlineMs = performance.now() + ANSWER_MS;
    for (;;) {
      const answer = whole(this.bytes);
      if (answer !== null) return answer;
      const leftMs = deadlineMs - performance.now();
      if (!this.isOpen || leftMs <= 0) {
        this.close();
        return null;
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  close(): void {
    this.isOpen = false;
    this.socket.destroy();
  }
}

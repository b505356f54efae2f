// Messages between a bal and the one that takes its place: a line of JSON each, over a socket pair.
import { descriptorOf } from "../../os/socket.ts";

type Socket = Bun.Socket<undefined>;

/** More than any message has: 4,096 backends with long names. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

export class JsonChannel {
  /** The other side has closed it, or its process has ended. */
  readonly closed: Promise<null>;
  isClosed = false;
  private readonly close_ = Promise.withResolvers<null>();
  private socket: Socket | null = null;
  private unsent: Uint8Array = new Uint8Array(0);
  private partial = "";
  private readonly decoder = new TextDecoder();
  private readonly messages: unknown[] = [];
  private waiter: ((message: unknown) => void) | null = null;

  private constructor() {
    this.closed = this.close_.promise;
  }

  /** Takes the descriptor over. */
  static async open(fd: number): Promise<JsonChannel> {
    const channel = new JsonChannel();
    await Bun.connect({ fd, socket: channel.handlers() } as unknown as Bun.UnixSocketOptions);
    return channel;
  }

  /** −1 once it is closed. */
  get fd(): number {
    return this.socket === null || this.isClosed ? -1 : descriptorOf(this.socket);
  }

  send(message: object): void {
    const line = new TextEncoder().encode(`${JSON.stringify(message)}\n`);
    this.unsent = Buffer.concat([this.unsent, line]);
    this.flush();
  }

  /** The next message; null once there is none to come. One call at a time. */
  receive(): Promise<unknown> {
    const message = this.messages.shift();
    if (message !== undefined) return Promise.resolve(message);
    if (this.isClosed) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.waiter = resolve;
    });
  }

  /** This side's descriptor; who else has a copy of it goes on. */
  close(): void {
    this.socket?.terminate();
    this.ended();
  }

  private handlers() {
    return {
      open: (socket: Socket) => {
        this.socket = socket;
      },
      data: (_: Socket, chunk: Uint8Array) => this.take(chunk),
      drain: () => this.flush(),
      end: () => this.ended(),
      close: () => this.ended(),
      error: () => this.close(),
    };
  }

  private flush(): void {
    if (this.unsent.length === 0) return;
    const written = this.socket?.write(this.unsent) ?? 0;
    this.unsent = written < 0 ? new Uint8Array(0) : this.unsent.subarray(written);
  }

  private take(chunk: Uint8Array): void {
    const lines = (this.partial + this.decoder.decode(chunk, { stream: true })).split("\n");
    this.partial = lines.pop() ?? "";
    if (this.partial.length > MAX_LINE_BYTES) return this.close();
    for (const line of lines) this.deliver(line);
  }

  // A binary that is no bal may say anything.
  private deliver(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      return this.close();
    }
    const { waiter } = this;
    this.waiter = null;
    if (waiter === null) this.messages.push(message);
    else waiter(message);
  }

  private ended(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.waiter?.(null);
    this.waiter = null;
    this.close_.resolve(null);
  }
}

// The front of the admin API over TCP: lets in so many clients and no more, so that no number of them
// can take the descriptors that sessions need. Bun.serve, which has no such bound, stands behind it.
//
//   client ⇄ [outer leg]  [inner leg] ⇄ Bun.serve on a unix socket

type LegSocket = Bun.Socket<Leg>;

/** One side of a client's way in. */
class Leg {
  socket: LegSocket | null = null;
  /** What its socket has not taken yet; the other one is paused until it has. */
  rest: Uint8Array[] = [];
  /** The other one is gone: it ends once it has all. */
  isEnding = false;
  /** It takes nothing any more. What it still has to say is heard. */
  isDeaf = false;
  /** It has taken nothing since the last sweep, though there is something. */
  isStuck = false;
  other: Leg | null = null;
  private readonly side: "outer" | "inner";

  constructor(side: Leg["side"]) {
    this.side = side;
  }

  /** False: it has enough for now. */
  push(chunk: Uint8Array): boolean {
    if (this.isDeaf) return true;
    this.rest.push(chunk);
    return this.flush();
  }

  flush(): boolean {
    const { socket, rest } = this;
    if (socket === null) return false;
    for (let chunk = rest[0]; chunk !== undefined; chunk = rest[0]) {
      const taken = socket.write(chunk);
      if (taken < 0) {
        this.deafen();
        break;
      }
      if (taken > 0) this.isStuck = false;
      if (taken < chunk.length) {
        rest[0] = chunk.subarray(taken);
        return false;
      }
      rest.shift();
    }
    if (this.isEnding) this.finish(socket);
    return true;
  }

  /** After the rest. */
  end(): void {
    this.isEnding = true;
    this.flush();
  }

  deafen(): void {
    this.isDeaf = true;
    this.rest = [];
  }

  // A client may still send, as one whose request is too large does: closed with that unread, its
  // connection would be reset, and the answer lost.
  private finish(socket: LegSocket): void {
    if (this.side === "outer") socket.shutdown();
    else socket.end();
  }
}

/** Who takes nothing of what is there for so long, or twice as long, is let go of. */
const SWEEP_MS = 10_000;

export type ConnectionLimiterOptions = {
  readonly address: { readonly ip: string; readonly port: number };
  /** The unix socket that Bun.serve listens on. */
  readonly inner: string;
  /** Clients at a time. */
  readonly limit: number;
  readonly sweepMs?: number;
  /** One more came, and was reset. */
  readonly onFull: () => void;
};

export class ConnectionLimiter {
  private readonly options: ConnectionLimiterOptions;
  private readonly clients = new Set<Leg>();
  private listener: Bun.TCPSocketListener<Leg> | null = null;
  private readonly sweeper: Timer;

  /** Takes nobody until it is told to listen. */
  constructor(options: ConnectionLimiterOptions) {
    this.options = options;
    this.sweeper = setInterval(() => this.sweep(), options.sweepMs ?? SWEEP_MS);
  }

  /** Throws what Bun.listen throws. */
  listen(): void {
    const { ip, port } = this.options.address;
    this.listener = Bun.listen<Leg>({
      hostname: ip,
      port,
      socket: {
        ...events,
        open: (socket) => this.accept(socket),
        close: (socket) => this.left(socket.data),
      },
    });
  }

  /** No new clients; those that are there live on. */
  close(): void {
    this.listener?.stop();
    this.listener = null;
  }

  /** All of them, at once. */
  end(): void {
    this.close();
    clearInterval(this.sweeper);
    for (const { socket } of this.clients) socket?.terminate();
  }

  private accept(socket: LegSocket): void {
    const [outer, inner] = [new Leg("outer"), new Leg("inner")];
    outer.other = inner;
    inner.other = outer;
    outer.socket = socket;
    socket.data = outer;
    if (this.clients.size >= this.options.limit) {
      this.options.onFull();
      socket.terminate();
      return;
    }
    this.clients.add(outer);
    Bun.connect<Leg>({ unix: this.options.inner, data: inner, socket: innerEvents }).catch(() => {
      socket.terminate();
    });
  }

  private sweep(): void {
    for (const leg of this.clients) {
      if (leg.isStuck) leg.socket?.terminate();
      leg.isStuck = leg.rest.length > 0 || leg.isEnding;
    }
  }

  private left(outer: Leg): void {
    this.clients.delete(outer);
    closed(outer);
  }
}

const events = {
  data(socket: LegSocket, chunk: Uint8Array) {
    if (socket.data.other?.push(chunk) === false) socket.pause();
  },
  drain({ data }: LegSocket) {
    if (data.rest.length > 0 && data.flush()) data.other?.socket?.resume();
  },
  error(socket: LegSocket) {
    socket.terminate();
  },
};

const innerEvents = {
  ...events,
  open(socket: LegSocket) {
    const { data } = socket;
    data.socket = socket;
    // The client may have gone meanwhile.
    if (data.flush()) data.other?.socket?.resume();
  },
  close({ data }: LegSocket) {
    closed(data);
  },
  connectError() {},
};

function closed(leg: Leg): void {
  leg.socket = null;
  leg.deafen();
  leg.other?.end();
}

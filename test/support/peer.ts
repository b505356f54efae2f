// BackendTable as they are met in the world, on real sockets: each is what it does with a connection.
import { randomChunks } from "./bytes.ts";
import { freePort } from "./ports.ts";
import { Wire, wireEvents } from "./wire.ts";

type Behaviour = (wire: Wire) => void | Promise<void>;

export class Peer implements Disposable {
  readonly port: number;
  readonly host: string;
  /** The path that it listens on in place of a port; null: on a port. */
  readonly unix: string | null;
  /** Every connection so far, health checks among them. */
  connections = 0;
  readonly wires = new Set<Wire>();
  private readonly behave: Behaviour;
  private listener: Bun.TCPSocketListener<Wire> | null = null;

  constructor(behave: Behaviour, options: PeerOptions = {}) {
    const { host = "127.0.0.1", unix = null, port = unix === null ? freePort() : 0 } = options;
    this.behave = behave;
    this.host = host;
    this.port = port;
    this.unix = unix;
    this.start();
  }

  /** Listens again, where it did. */
  start(): void {
    const { host: hostname, port, unix } = this;
    const common = {
      allowHalfOpen: true,
      socket: { ...wireEvents, open: (socket: Bun.Socket<Wire>) => this.accept(socket) },
    };
    this.listener ??=
      unix === null
        ? Bun.listen<Wire>({ ...common, hostname, port })
        : (Bun.listen<Wire>({ ...common, unix }) as unknown as Bun.TCPSocketListener<Wire>);
  }

  /** Refuses from now on, and resets what is open: a process that was killed. */
  kill(): void {
    this.refuse();
    for (const wire of this.wires) wire.reset();
  }

  /** Refuses from now on; what is open lives on. */
  refuse(): void {
    this.listener?.stop();
    this.listener = null;
  }

  [Symbol.dispose](): void {
    this.kill();
  }

  private accept(socket: Bun.Socket<Wire>): void {
    const wire = new Wire();
    socket.data = wire;
    wire.opened(socket);
    this.connections++;
    this.wires.add(wire);
    void wire.closed.then(() => this.wires.delete(wire));
    // A stream that ended too soon for the behaviour: a health check, or a client that went away.
    void Promise.resolve(this.behave(wire)).catch(() => wire.finish());
  }
}

type PeerOptions = {
  readonly host?: string;
  readonly port?: number;
  readonly unix?: string;
};

export function peer(behave: Behaviour, options?: PeerOptions): Peer {
  return new Peer(behave, options);
}

/** Sends back what comes, as it comes, and the FIN after it. */
export function echoPeer(options?: PeerOptions): Peer {
  return new Peer((wire) => {
    wire.sink = (chunk) => {
      // Never more than one chunk ahead of the reader.
      wire.pause();
      void wire.send(chunk).then(() => wire.resume());
    };
    void wire.ended.then(() => wire.finish());
  }, options);
}

/** Says nothing until the client has finished; then `reply(text)`, then FIN. */
export function halfClosePeer(reply: (text: string) => string, options?: PeerOptions): Peer {
  return new Peer(async (wire) => {
    const { ending, text } = await wire.readToEnd();
    if (ending === "reset") return;
    void wire.send(reply(text));
    wire.finish();
  }, options);
}

/** Sends `text`, and resets when it knows that the client has it: the client answers one byte. */
export function resetPeer(text: string): Peer {
  return new Peer(async (wire) => {
    if (text !== "") await wire.send(text);
    await wire.read(1);
    wire.reset();
  });
}

/** Resets every connection as soon as it is accepted. */
export function resetAtAcceptPeer(): Peer {
  return new Peer((wire) => wire.reset());
}

/** Finishes at once, reads on, and resets at the first byte. */
export function resetAfterFinPeer(): Peer {
  return new Peer(async (wire) => {
    wire.finish();
    await wire.read(1).catch(() => {});
    wire.reset();
  });
}

/** Accepts and never reads. */
export function stallPeer(): Peer {
  return new Peer((wire) => wire.pause());
}

/** Sends without end, as fast as it is read. */
export function pusherPeer(): Peer {
  return new Peer(async (wire) => {
    await wire.pump(randomChunks(1, Number.POSITIVE_INFINITY));
  });
}

/** Sends `total` bytes made of `seed` once a byte has come, then FIN. */
export function sourcePeer(seed: number, total: number): Peer {
  return new Peer(async (wire) => {
    await wire.read(1);
    await wire.pump(randomChunks(seed, total));
    wire.finish();
  });
}

export type NamedPeer = Peer & { served: number };

/** Answers the first byte with its name and FIN. `served` counts those it was asked. */
export function namedPeer(name: string, options?: PeerOptions): NamedPeer {
  const made: NamedPeer = Object.assign(
    new Peer(async (wire) => {
      await wire.read(1);
      made.served++;
      void wire.send(name);
      wire.finish();
    }, options),
    { served: 0 },
  );
  return made;
}

/** Answers the first byte with its name and keeps the connection until the client ends it. */
export function holdingPeer(name: string, options?: PeerOptions): NamedPeer {
  const made: NamedPeer = Object.assign(
    new Peer(async (wire) => {
      void wire.ended.then(() => wire.finish());
      await wire.read(1);
      made.served++;
      void wire.send(name);
    }, options),
    { served: 0 },
  );
  return made;
}

/** Answers the first byte with 1 KiB and FIN: what `Load` asks for. */
export function kilobytePeer(): Peer {
  return new Peer(async (wire) => {
    await wire.read(1);
    void wire.send("x".repeat(1024));
    wire.finish();
  });
}

// A socket as Bun 1.4.5 behaves, with its peer, for a simulation without a kernel. Events reach
// the session through the same handlers as in the binary.

export type FakeHandlers = {
  drain(socket: any): void;
  data(socket: any, chunk: any): void;
  end(socket: any): void;
  close(socket: any, error?: any): void;
};

/** What the peer has seen of the stream towards it. */
export type Ending = "open" | "fin" | "reset";

export class FakeSocket {
  data: any;
  /** Bytes that the peer has got. */
  readonly received: number[] = [];
  readonly remoteAddress = "127.0.0.1";
  ending: Ending = "open";
  isClosed = false;
  isPaused = false;
  /** Bytes that the kernel takes before it is full. */
  room = 0;
  /** Written, and not taken by the peer. */
  private readonly outbox: number[] = [];
  private readonly inbox: Uint8Array[] = [];
  private inboxFin = false;
  private finRead = false;
  private finSent = false;
  private isBroken = false;
  private hasWriteFailed = false;
  private readonly handlers: FakeHandlers;

  constructor(handlers: FakeHandlers) {
    this.handlers = handlers;
  }

  // --- what bal calls ---------------------------------------------------------------------

  write(chunk: Uint8Array): number {
    if (this.isBroken) this.hasWriteFailed = true;
    if (this.isClosed || this.finSent || this.isBroken) return -1;
    const taken = Math.min(chunk.length, this.room);
    this.room -= taken;
    this.outbox.push(...chunk.subarray(0, taken));
    return taken;
  }

  get unsentBytes(): number {
    return this.isClosed ? 0 : this.outbox.length;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  shutdown(): void {
    if (this.isClosed || this.finSent) return;
    this.finSent = true;
    this.deliver(0);
    if (this.finRead) this.closed();
  }

  close(): void {
    if (this.isClosed) return;
    // close(2) with unread input resets the peer.
    if (this.inbox.length > 0) return this.terminate();
    this.finSent = true;
    this.deliver(0);
    this.closed();
  }

  terminate(): void {
    if (this.isClosed) return;
    // What is on its way is dropped.
    this.outbox.length = 0;
    if (this.ending === "open") this.ending = "reset";
    this.closed();
  }

  // --- what the peer does -----------------------------------------------------------------

  peerSends(chunk: Uint8Array): void {
    if (!this.isClosed && !this.inboxFin) this.inbox.push(chunk);
  }

  peerFinishes(): void {
    this.inboxFin = true;
  }

  peerResets(code = "ECONNRESET"): void {
    if (this.isClosed) return;
    for (const chunk of this.inbox.splice(0)) this.handlers.data(this, chunk);
    if (!this.isClosed) this.closed({ code });
  }

  /** A reset that only the next write tells of: a send that fails takes the socket's error, and what
   *  is in the receive queue comes then, with an end that looks like a FIN. */
  peerBreaks(): void {
    this.isBroken = true;
  }

  peerReads(bytes: number): void {
    this.room += bytes;
    this.deliver(bytes);
    if (!this.isClosed) this.handlers.drain(this);
  }

  /** The event loop looks at this socket. */
  poll(): void {
    if (this.isClosed || this.isPaused) return;
    const chunk = this.inbox.shift();
    if (chunk !== undefined) return this.handlers.data(this, chunk);
    if (this.hasWriteFailed) {
      this.handlers.end(this);
      if (!this.isClosed) this.closed();
      return;
    }
    if (!this.inboxFin || this.finRead) return;
    this.finRead = true;
    if (this.finSent) this.closed();
    else {
      this.handlers.end(this);
      if (!this.isClosed) this.handlers.drain(this);
    }
  }

  get isQuiet(): boolean {
    return this.isClosed || (this.inbox.length === 0 && (!this.inboxFin || this.finRead));
  }

  private deliver(bytes: number): void {
    this.received.push(...this.outbox.splice(0, bytes));
    if (this.finSent && this.outbox.length === 0 && this.ending === "open") this.ending = "fin";
  }

  private closed(error?: { code: string }): void {
    this.isClosed = true;
    this.handlers.close(this, error);
  }
}

/** The far end of one, and what it has done. */
export type Peer = {
  socket: FakeSocket;
  sent: number[];
  hasFinished: boolean;
  hasReset: boolean;
  /** Its session relayed when it was reset. */
  wasRelayed: boolean;
};

export function peerOn(socket: FakeSocket): Peer {
  return { socket, sent: [], hasFinished: false, hasReset: false, wasRelayed: false };
}

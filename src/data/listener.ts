// A listening socket as this thread uses it: adopts a dup of what the control plane lends, accepts
// clients, and stops accepting (or refuses) at the ceiling.
import { errnoCode } from "../base/os-error.ts";
import { isLinux } from "../os/libc.ts";
import { receiveEarly } from "../os/receive.ts";
import { closeDescriptor, duplicate, restoreBacklog } from "../os/socket.ts";
import { END_INDEX } from "../shared/end-reason.ts";
import { clientHandlers } from "./client-handlers.ts";
import { Dial, type Origin } from "./dial.ts";
import { Pipe } from "./pipe.ts";
import { Session, type SessionSocket } from "./session.ts";
import type { Thread } from "./thread.ts";

/** The ceiling of sessions over all threads, and what happens to a client above it. */
export type Ceiling = { readonly maxConnections: number; readonly isWaiting: boolean };

export type ListenAddress = { readonly bindAddress: string; readonly port: number };

export class Listener {
  readonly origin: Origin;
  ceiling: Ceiling;
  private readonly thread: Thread;
  private readonly address: ListenAddress;
  /** Borrowed descriptor → what accepts on a dup of it. Without descriptors to borrow: key −1. */
  private readonly accepting = new Map<number, Bun.TCPSocketListener<unknown>>();
  private fds: readonly number[] = [];
  private isPaused = false;

  constructor(thread: Thread, address: ListenAddress, origin: Origin, ceiling: Ceiling) {
    this.thread = thread;
    this.address = address;
    this.origin = origin;
    this.ceiling = ceiling;
  }

  isAt({ bindAddress, port }: ListenAddress): boolean {
    return bindAddress === this.address.bindAddress && port === this.address.port;
  }

  /** Accepts on these borrowed descriptors and no others. Throws when one can't be adopted. */
  adopt(fds: readonly number[]): void {
    this.fds = fds.length > 0 ? fds : [-1];
    for (const [fd, listener] of this.accepting) {
      if (this.fds.includes(fd)) continue;
      listener.stop();
      this.accepting.delete(fd);
    }
    this.resume();
  }

  /** Clients wait in the kernel's queue from now on. */
  pause(): void {
    this.isPaused = true;
    for (const listener of this.accepting.values()) listener.stop();
    this.accepting.clear();
  }

  /** Accepts, unless the ceiling is reached. */
  resume(): void {
    this.isPaused = this.isFull();
    if (this.isPaused) return;
    for (const fd of this.fds) {
      if (!this.accepting.has(fd)) this.accepting.set(fd, this.listen(fd));
    }
  }

  resumeWhenRoom(): void {
    if (this.isPaused && !this.isFull()) this.resume();
  }

  /** Accepts no more, for good. Sessions live on. */
  close(): void {
    this.fds = [];
    this.pause();
  }

  private isFull(): boolean {
    const { maxConnections, isWaiting } = this.ceiling;
    return isWaiting && this.thread.board.sessions() >= maxConnections;
  }

  private listen(borrowed: number): Bun.TCPSocketListener<unknown> {
    const socket = { ...clientHandlers, open: (client: SessionSocket) => this.accept(client) };
    const common = { allowHalfOpen: true, socket };
    if (borrowed < 0) {
      const { bindAddress, port } = this.address;
      return listenOn({ ...common, hostname: bindAddress, port });
    }
    const fd = duplicate(borrowed);
    if (fd < 0) throw new Error(`cannot borrow a listening socket: ${errnoCode(fd)}`);
    try {
      const listener = listenOn({ ...common, fd });
      restoreBacklog(borrowed);
      return listener;
    } catch (error) {
      closeDescriptor(fd);
      throw error;
    }
  }

  private accept(client: SessionSocket): void {
    const { thread, origin, ceiling } = this;
    thread.board.countAccepted(thread.worker, origin.listener);
    const limit = ceiling.isWaiting ? Number.POSITIVE_INFINITY : ceiling.maxConnections;
    if (!thread.board.enterSession(thread.worker, limit)) {
      thread.board.countEnd(thread.worker, origin.listener, END_INDEX.limitGlobal);
      client.terminate();
      return;
    }
    const nowMs = performance.now();
    const { listener, limits } = origin;
    const up = new Pipe(thread.budget, nowMs);
    const down = new Pipe(thread.budget, nowMs);
    const session = new Session(thread, { listener, limits, client, up, down });
    client.data = session;
    session.start(
      new Dial(session, origin, nowMs),
      isLinux ? receiveEarly(descriptorOf(client)) : null,
    );
    if (this.isFull()) this.pause();
  }
}

// The types do not know it.
function descriptorOf(client: SessionSocket): number {
  return (client as unknown as { readonly fd: number }).fd;
}

// The types know neither `fd` nor handlers whose data is set in `open`.
function listenOn(options: object): Bun.TCPSocketListener<unknown> {
  return Bun.listen(options as Bun.TCPSocketListenOptions<unknown>);
}

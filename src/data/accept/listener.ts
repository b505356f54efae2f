// A listening socket as this thread uses it: adopts a dup of what the control plane lends, accepts
// clients, and stops accepting (or refuses) at the ceiling.
import { type ListenAddress, listeningEndpoints } from "../../base/listen-address.ts";
import { codeOf, errnoCode } from "../../base/os-error.ts";
import { isLinux } from "../../os/libc.ts";
import { receiveEarly } from "../../os/receive.ts";
import { closeDescriptor, descriptorOf, duplicate, restoreBacklog } from "../../os/socket.ts";
import { END_INDEX, type End } from "../../shared/end-reason.ts";
import type { Admission, SessionLimits } from "../../shared/generation.ts";
import { beginTrace } from "../access-log/access-record.ts";
import { Dial } from "../dial/dial.ts";
import { clientAddress } from "../relay/client-address.ts";
import { clientHandlers } from "../relay/client-handlers.ts";
import { Pipe } from "../relay/pipe.ts";
import type { Step } from "../relay/relay-types.ts";
import { lookAgain } from "../relay/second-look.ts";
import { Session, type SessionSocket } from "../relay/session.ts";
import type { WorkerContext } from "../relay/worker-context.ts";
import { AdmissionControl, NO_CELL } from "./admission-control.ts";
import type { ListenerContext } from "./listener-context.ts";
import { Preread, type PrereadRules } from "./preread.ts";

/** The ceiling of sessions over all threads, and what happens to a client above it. */
export type Ceiling = {
  readonly maxConnections: number;
  readonly isWaiting: boolean;
};

export class Listener {
  readonly origin: ListenerContext;
  ceiling: Ceiling;
  /** The rules for reading a client's first bytes before its dial; null: nothing is read. */
  preread: PrereadRules | null = null;
  private readonly thread: WorkerContext;
  address: ListenAddress;
  /** Borrowed descriptor → what accepts on a dup of it. Without descriptors to borrow: −1, −2… in the
   *  order of its endpoints. */
  private readonly accepting = new Map<number, Bun.TCPSocketListener<unknown>>();
  /** Borrowed descriptor → a dup of it that waits until there is room: the borrowed number may be
   *  closed, and another's, by then. */
  private readonly waiting = new Map<number, number>();
  private readonly admission: AdmissionControl;

  constructor(
    thread: WorkerContext,
    address: ListenAddress,
    origin: ListenerContext,
    ceiling: Ceiling,
  ) {
    this.thread = thread;
    this.address = address;
    this.origin = origin;
    this.ceiling = ceiling;
    this.admission = new AdmissionControl(thread, origin.listener);
  }

  admit(admission: Admission): void {
    this.admission.update(admission);
  }

  /** Does it serve an address by the descriptors that it is lent, or as it is? */
  canServe(address: ListenAddress): boolean {
    return isLinux || Bun.deepEquals(address, this.address);
  }

  /** Keeps dups of these borrowed descriptors and no others, for `resume`. @returns why, for each that it
   *  can't */
  borrow(fds: readonly number[]): readonly string[] {
    // Where none are lent (macOS) it listens by itself.
    const borrowed = isLinux ? fds : listeningEndpoints(this.address).map((_, nth) => -1 - nth);
    this.drop((fd) => !borrowed.includes(fd));
    const errors: string[] = [];
    for (const fd of borrowed) {
      if (this.accepting.has(fd) || this.waiting.has(fd)) continue;
      const own = fd < 0 ? fd : duplicate(fd);
      if (fd >= 0 && own < 0) errors.push(errnoCode(own));
      else this.waiting.set(fd, own);
    }
    return errors;
  }

  /** Clients wait in the kernel's queue from now on. */
  private pause(): void {
    this.thread.paused.add(this);
    for (const [fd, listener] of this.accepting) {
      const own = fd < 0 ? fd : duplicate(descriptorOf(listener));
      // Without a descriptor to wait on it goes on accepting.
      if (fd >= 0 && own < 0) continue;
      listener.stop();
      this.accepting.delete(fd);
      this.waiting.set(fd, own);
    }
  }

  /** Accepts, unless the ceiling is reached. What fails is tried again by the next sweep. @returns why, for
   *  each that it can't */
  resume(): readonly string[] {
    if (this.isFull()) {
      this.thread.paused.add(this);
      return [];
    }
    this.thread.paused.delete(this);
    const errors: string[] = [];
    for (const [fd, own] of this.waiting) {
      try {
        this.accepting.set(fd, this.listen(own));
        this.waiting.delete(fd);
      } catch (error) {
        this.thread.paused.add(this);
        errors.push(codeOf(error) ?? String(error));
      }
    }
    return errors;
  }

  resumeWhenRoom(): void {
    if (!this.isFull()) this.resume();
  }

  /** Accepts no more, for good. Sessions live on. */
  close(): void {
    this.drop(() => true);
    this.thread.paused.delete(this);
  }

  private drop(isGone: (fd: number) => boolean): void {
    for (const [fd, listener] of this.accepting) {
      if (!isGone(fd)) continue;
      listener.stop();
      this.accepting.delete(fd);
    }
    for (const [fd, own] of this.waiting) {
      if (!isGone(fd)) continue;
      if (own >= 0) closeDescriptor(own);
      this.waiting.delete(fd);
    }
  }

  private isFull(): boolean {
    const { maxConnections, isWaiting } = this.ceiling;
    return isWaiting && this.thread.board.sessions() >= maxConnections;
  }

  /** It owns the descriptor; below 0 there is none. */
  private listen(fd: number): Bun.TCPSocketListener<unknown> {
    const socket = { ...clientHandlers, open: (client: SessionSocket) => this.accept(client) };
    const common = { allowHalfOpen: true, socket };
    if (fd < 0) {
      const endpoint = listeningEndpoints(this.address)[-1 - fd];
      return listenOn(
        endpoint?.family === "unix"
          ? { ...common, unix: endpoint.path }
          : { ...common, hostname: endpoint?.ip, port: endpoint?.port },
      );
    }
    const listener = listenOn({ ...common, fd });
    restoreBacklog(fd);
    return listener;
  }

  private accept(client: SessionSocket): void {
    const { thread, origin } = this;
    thread.board.countAccepted(thread.worker, origin.listener);
    const clientCell = this.enter(client);
    if (typeof clientCell === "number") this.open(client, clientCell);
    else if (!this.isLookedAtAgain(client, clientCell, 0)) this.refuse(client, clientCell);
  }

  /** Does a client that a limit turns away wait for another look? Its bytes stay unread: nobody has them yet. */
  private isLookedAtAgain(client: SessionSocket, end: End, looks: number): boolean {
    if (end !== "limitClient" && end !== "limitListener") return false;
    const { descriptors } = this.thread.board;
    const fd = descriptorOf(client);
    const look = () => {
      if (client.readyState > 0) descriptors.leave(this.thread.worker, fd);
      const cell = client.readyState > 0 ? this.enter(client) : end;
      if (typeof cell === "number") {
        this.open(client, cell);
        client.resume();
      } else if (!this.isLookedAtAgain(client, cell, looks + 1)) this.refuse(client, cell);
    };
    if (!lookAgain(looks, look)) return false;
    client.pause();
    // Should the thread be lost meanwhile, it is reset like a session.
    descriptors.take(this.thread.worker, fd);
    return true;
  }

  private refuse(client: SessionSocket, end: End): void {
    const { thread, origin } = this;
    thread.board.countEnd(thread.worker, origin.listener, END_INDEX[end]);
    thread.access?.refused(origin, client, end);
    if (origin.limits.refuse === "close") client.close();
    else client.terminate();
  }

  /** Its places on the board are taken. */
  private open(client: SessionSocket, clientCell: number): void {
    let session: Session | null = null;
    try {
      session = this.begin(client, clientCell);
      this.start(session);
    } catch (error) {
      // A fault of ours costs this client only, and no place.
      if (session === null) this.giveUp(client, clientCell);
      const fault = error instanceof Error ? error : new Error(String(error));
      if (session !== null) session.fault(fault);
      else this.thread.post({ kind: "fault", message: fault.stack ?? fault.message });
    }
    if (this.isFull()) this.pause();
  }

  /** The client's places on the board are the session's from now on. */
  private begin(client: SessionSocket, clientCell: number): Session {
    const { thread, origin } = this;
    const nowMs = performance.now();
    const { listener, limits } = origin;
    const session = new Session(thread, {
      listener,
      limits,
      client,
      up: new Pipe(thread.budget, nowMs),
      down: new Pipe(thread.budget, nowMs),
      endAtMs: nowMs + lifetimeOf(limits),
      clientCell,
      startedAtMs: nowMs,
      before: null,
      trace: thread.access === null ? null : beginTrace(origin, client),
    });
    client.data = session;
    session.clientFd = descriptorOf(client);
    thread.board.descriptors.take(thread.worker, session.clientFd, listener);
    return session;
  }

  private start(session: Session): void {
    const { budget } = this.thread;
    const isOver = budget.isOver();
    if (budget.isScarce()) session.down.narrow();
    if (budget.isTight()) session.up.narrow();
    const early = isLinux && !isOver ? receiveEarly(session.clientFd) : null;
    const first = this.firstStep(session, session.startedAtMs);
    if (first === null) session.end("noBackend");
    else session.start(first, early);
    if (isOver && (session.phase === "dialing" || session.phase === "queued")) session.up.hold();
  }

  private giveUp(client: SessionSocket, clientCell: number): void {
    const { board, worker } = this.thread;
    this.admission.leave();
    if (clientCell !== NO_CELL) board.clients.leave(worker, clientCell);
    board.countEnd(worker, this.origin.listener, END_INDEX.fault);
    client.terminate();
  }

  private firstStep(session: Session, nowMs: number): Step | null {
    const { preread: rules, origin, admission } = this;
    if (rules !== null) {
      // Bun keeps it: who is refused may have reset by then, and has no address any more.
      clientAddress(session.client);
      // Its own pipe: early bytes are kept there.
      const up = session.up as Pipe;
      return new Preread(session, { rules, origin, admission, up, nowMs });
    }
    const pool = origin.poolOf(null);
    return pool === null ? null : new Dial(session, { origin, pool, nowMs });
  }

  /** A client's places on the board: where its address is counted, or why it is turned away. */
  private enter(client: SessionSocket): number | End {
    const { admission, ceiling } = this;
    const proxy = this.preread?.proxy ?? null;
    // Where nothing hangs on it a system call is spared.
    const address = proxy !== null || admission.asksWho ? clientAddress(client) : null;
    // A peer that may announce nobody else can only ever be itself: nothing it sends changes that.
    const isItself = address !== null && (proxy === null || !proxy.trusted.has(address));
    const refusal = address === null ? null : this.judge(address, { proxy, isItself });
    if (refusal !== null) return refusal;
    const most = ceiling.isWaiting ? Number.POSITIVE_INFINITY : ceiling.maxConnections;
    // The header of a peer that is not the client itself says whom it comes from.
    return admission.enter(most, isItself ? address : null);
  }

  private judge(
    address: string,
    { proxy, isItself }: { readonly proxy: PrereadRules["proxy"]; readonly isItself: boolean },
  ): End | null {
    // It was reset while it waited: there is no address left to decide by.
    if (address === "" && this.address.kind === "tcp") return "clientGoneDial";
    if (!isItself) return null;
    if (proxy !== null && !proxy.isOptional) return "untrustedProxyHeader";
    return this.admission.isDenied(address) ? "denied" : null;
  }
}

// A tenth more or less, so that clients that came together do not come back together.
function lifetimeOf({ maxLifetimeMs }: SessionLimits): number {
  if (maxLifetimeMs === 0) return Number.POSITIVE_INFINITY;
  return maxLifetimeMs * (0.9 + 0.2 * Math.random());
}

// The types know neither `fd` nor handlers whose data is set in `open`.
function listenOn(options: object): Bun.TCPSocketListener<unknown> {
  return Bun.listen(options as Bun.TCPSocketListenOptions<unknown>);
}

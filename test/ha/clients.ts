// Clients in a namespace: connections from addresses of their choice, and a steady stream of short ones, of
// which none that is lost goes unseen.
import { SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_STREAM } from "../../src/os/abi.ts";
import { getLibc } from "../../src/os/libc.ts";
import { encodeSockaddr } from "../../src/os/sockaddr.ts";
import type { Namespace } from "../support/namespace.ts";

/** The backend that answered, or how the connection was lost. */
export type Answer = { readonly backend: string } | { readonly lost: string };

export type Target = { readonly ip: string; readonly port: number };

/** How long a client waits for an answer: a SYN that is lost is sent again after 1 s (RFC 6298), and again. */
const PATIENCE_MS = 3000;

/** One connection. */
export class Caller {
  private socket: Bun.Socket<Caller> | null = null;
  private isConnected = false;
  private lost: string | null = null;
  private pending: ((answer: Answer) => void) | null = null;

  constructor(host: Namespace, from: string, target: Target) {
    const fd = host.enter(() => connectFrom(from, target));
    const options = { fd, allowHalfOpen: true, data: this, socket: events };
    Bun.connect(options as unknown as Bun.TCPSocketConnectOptions<Caller>).catch(() => {});
  }

  /** Asks once, and waits for the answer as long as a client would. */
  ask(): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const timer = setTimeout(() => this.conclude("unanswered"), PATIENCE_MS);
    this.pending = (answer) => {
      clearTimeout(timer);
      this.pending = null;
      resolve(answer);
    };
    if (this.lost !== null) this.pending({ lost: this.lost });
    else if (this.isConnected) this.socket?.write("?");
    return promise;
  }

  hangUp(): void {
    this.socket?.end();
  }

  // There is a handle; the first drain means connected.
  opened(socket: Bun.Socket<Caller>): void {
    this.socket = socket;
  }

  drained(): void {
    if (this.isConnected) return;
    this.isConnected = true;
    if (this.pending !== null) this.socket?.write("?");
  }

  answered(text: string): void {
    this.pending?.({ backend: text });
  }

  conclude(how: string): void {
    this.lost ??= how;
    this.pending?.({ lost: this.lost });
    this.socket?.terminate();
  }
}

const events = {
  open: (socket: Bun.Socket<Caller>) => socket.data.opened(socket),
  drain: (socket: Bun.Socket<Caller>) => socket.data.drained(),
  data: (socket: Bun.Socket<Caller>, chunk: Uint8Array) => socket.data.answered(String(chunk)),
  end: (socket: Bun.Socket<Caller>) => socket.data.conclude("ended"),
  close: (socket: Bun.Socket<Caller>, error?: Error & { readonly code?: string }) =>
    socket.data.conclude(error?.code ?? "closed"),
  error: (_: Bun.Socket<Caller>, error: Error) => {
    throw error;
  },
};

/** A descriptor that connects. How that ends is told by the socket that adopts it. */
function connectFrom(from: string, { ip, port }: Target): number {
  const libc = getLibc();
  const [source, target] = [encodeSockaddr(from, 0), encodeSockaddr(ip, port)];
  const fd = libc.socket(source.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (libc.bind(fd, source.pointer, source.bytes.length) < 0) throw new Error(`bind of ${from}`);
  libc.connect(fd, target.pointer, target.bytes.length);
  return fd;
}

const TICK_MS = 5;

type Attempt = {
  readonly from: string;
  readonly startedAt: number;
  tookMs: number;
  answer: Answer | null;
};

/** What became of the connections of a stream. */
export type Outcome = {
  readonly connections: number;
  /** How many were lost, by how. */
  readonly lost: Readonly<Record<string, number>>;
  readonly lostInAll: number;
  /** When the last of these began; 0 when none was lost. */
  readonly lastLostAt: number;
  /** There is an instant at which all that were lost were under way: none began, or ended, apart from it. */
  readonly isLostAtOnce: boolean;
  /** The longest that one which was served had to wait. */
  readonly slowestMs: number;
  /** Addresses that came to another backend than at their first time. */
  readonly moved: readonly string[];
};

/** A new connection every 5 ms, from one address after the other. */
export class Stream implements Disposable {
  private readonly host: Namespace;
  private readonly addresses: readonly string[];
  private readonly target: Target;
  private readonly attempts: Attempt[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private readonly timer: Timer;

  constructor(host: Namespace, addresses: readonly string[], target: Target) {
    this.host = host;
    this.addresses = addresses;
    this.target = target;
    this.timer = setInterval(() => this.begin(), TICK_MS);
  }

  /** Whether each address was served by a connection that began after this instant. */
  hasServedAllSince(instant: number): boolean {
    const served = this.attempts.filter(
      ({ startedAt, answer }) => startedAt >= instant && answer !== null && "backend" in answer,
    );
    return new Set(served.map(({ from }) => from)).size === this.addresses.length;
  }

  /**
   * Begins no more, and waits for those under way.
   *
   * @param homes the backend that each address came to at its first time; is added to
   */
  async finish(homes: Map<string, string>): Promise<Outcome> {
    this[Symbol.dispose]();
    await Promise.all(this.underWay);
    const lost: Record<string, number> = {};
    let lostInAll = 0;
    let lastLostAt = 0;
    let firstEndAt = Number.POSITIVE_INFINITY;
    const moved = new Set<string>();
    let slowestMs = 0;
    for (const { from, startedAt, tookMs, answer } of this.attempts) {
      if (answer === null) throw new Error("a connection that never ended");
      if ("lost" in answer) {
        lost[answer.lost] = (lost[answer.lost] ?? 0) + 1;
        lostInAll++;
        lastLostAt = Math.max(lastLostAt, startedAt);
        firstEndAt = Math.min(firstEndAt, startedAt + tookMs);
        continue;
      }
      slowestMs = Math.max(slowestMs, tookMs);
      const home = homes.get(from) ?? answer.backend;
      homes.set(from, home);
      if (home !== answer.backend) moved.add(from);
    }
    return {
      connections: this.attempts.length,
      lost,
      lostInAll,
      lastLostAt,
      isLostAtOnce: lastLostAt <= firstEndAt,
      slowestMs,
      moved: [...moved],
    };
  }

  [Symbol.dispose](): void {
    clearInterval(this.timer);
  }

  private begin(): void {
    const from = this.addresses[this.attempts.length % this.addresses.length]!;
    const startedAt = performance.now();
    const attempt: Attempt = { from, startedAt, tookMs: 0, answer: null };
    this.attempts.push(attempt);
    const caller = new Caller(this.host, from, this.target);
    const served = caller.ask().then((answer) => {
      attempt.answer = answer;
      attempt.tookMs = performance.now() - startedAt;
      caller.hangUp();
      this.underWay.delete(served);
    });
    this.underWay.add(served);
  }
}

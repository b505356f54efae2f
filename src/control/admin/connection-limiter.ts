// Which clients of the admin API over TCP have a place. There is always one for another client: who has
// shown no token gives way, first those of the source that has the most, the longest silent first. So no
// number of idle or half-spoken connections keeps a probe, or an operator with a token, out.
import type { Socket } from "node:net";

/** A client that says nothing for so long is let go of: longer than any request is waited for. */
const IDLE_MS = 120_000;
/** From accept until its first request is whole. */
const FIRST_REQUEST_MS = 20_000;
/** The part of the places that one source may have, and the part that is kept for those who show a token. */
const SOURCE_SHARE = 1 / 4;
const TOKEN_SHARE = 1 / 4;
const SWEEP_MS = 10_000;

export type Connection = {
  readonly socket: Socket;
  /** An address. */
  readonly source: string;
  /** It has shown the token. */
  isTrusted: boolean;
  /** Requests that are not answered yet, streams included. */
  requests: number;
  /** Resolves when all of them are answered: one begins when the one before it is done. */
  turn: Promise<void>;
  /** No more requests are read: it ends with the answer under way. */
  isOver: boolean;
  hasAsked: boolean;
  /** When it last asked or was accepted. */
  activeAtMs: number;
  /** The bytes it had taken at the last sweep that found some waiting for it; null: none were. */
  stuckAt: number | null;
};

type ConnectionLimiterOptions = {
  /** Connections at a time. */
  readonly limit: number;
  readonly sweepMs?: number;
  /** One gave way to another, or found no place. */
  readonly onFull: () => void;
  readonly now?: () => number;
};

export class ConnectionLimiter {
  private readonly options: ConnectionLimiterOptions;
  private readonly connections = new Map<Socket, Connection>();
  private readonly sweeper: Timer;

  constructor(options: ConnectionLimiterOptions) {
    this.options = options;
    this.sweeper = setInterval(() => this.sweep(), options.sweepMs ?? SWEEP_MS);
    this.sweeper.unref();
  }

  get size(): number {
    return this.connections.size;
  }

  of(socket: Socket): Connection | undefined {
    return this.connections.get(socket);
  }

  /** Takes the place of a new client, at the cost of another one where there is none. @returns null:
   *  all places belong to clients with a token; it is reset */
  admit(socket: Socket): Connection | null {
    const source = socket.remoteAddress ?? "";
    if (!this.makeRoom(source)) {
      this.options.onFull();
      socket.resetAndDestroy();
      return null;
    }
    const connection: Connection = {
      socket,
      source,
      isTrusted: false,
      requests: 0,
      turn: Promise.resolve(),
      isOver: false,
      hasAsked: false,
      activeAtMs: this.now(),
      stuckAt: null,
    };
    this.connections.set(socket, connection);
    socket.once("close", () => this.connections.delete(socket));
    return connection;
  }

  /** Those that wait for no answer. */
  endIdle(): void {
    for (const { socket, requests } of this.connections.values()) {
      if (requests === 0) socket.destroy();
    }
  }

  /** All of them, at once. */
  end(): void {
    clearInterval(this.sweeper);
    for (const socket of this.connections.keys()) socket.destroy();
  }

  /** Without a place of its own for one more, somebody gives way. */
  private makeRoom(source: string): boolean {
    const { limit } = this.options;
    const untrusted = [...this.connections.values()].filter(({ isTrusted }) => !isTrusted);
    const siblings = untrusted.filter((one) => one.source === source);
    if (siblings.length >= shareOf(limit, SOURCE_SHARE)) return this.evict(siblings);
    if (untrusted.length >= limit - shareOf(limit, TOKEN_SHARE)) {
      return this.evict(largestSource(untrusted));
    }
    return this.connections.size < limit || this.evict(largestSource(untrusted));
  }

  private evict(candidates: readonly Connection[]): boolean {
    const [victim] = [...candidates].sort(
      (a, b) => Math.sign(a.requests) - Math.sign(b.requests) || a.activeAtMs - b.activeAtMs,
    );
    if (victim === undefined) return false;
    this.options.onFull();
    this.connections.delete(victim.socket);
    victim.socket.resetAndDestroy();
    return true;
  }

  private sweep(): void {
    const nowMs = this.now();
    for (const connection of this.connections.values()) {
      const { socket, requests, hasAsked, activeAtMs } = connection;
      const silentMs = nowMs - activeAtMs;
      const isSilent = requests === 0 && silentMs > (hasAsked ? IDLE_MS : FIRST_REQUEST_MS);
      if (isSilent || isStuck(connection)) socket.resetAndDestroy();
    }
  }

  private now(): number {
    return this.options.now?.() ?? performance.now();
  }
}

function shareOf(limit: number, share: number): number {
  return Math.max(2, Math.floor(limit * share));
}

function largestSource(connections: readonly Connection[]): readonly Connection[] {
  const bySource = Map.groupBy(connections, ({ source }) => source);
  return [...bySource.values()].reduce(
    (largest, some) => (some.length > largest.length ? some : largest),
    [],
  );
}

/** It has taken nothing since the last sweep, though there is something for it. */
function isStuck(connection: Connection): boolean {
  const { socket, stuckAt } = connection;
  const taken = socket.bytesWritten - socket.writableLength;
  connection.stuckAt = socket.writableLength > 0 ? taken : null;
  return stuckAt !== null && stuckAt === connection.stuckAt;
}

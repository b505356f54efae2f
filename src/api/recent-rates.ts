// The recent rates of each backend: from the daemon's history, or gathered look by look.
import type { BackendStatus, History, Status } from "./admin-api.ts";

/** Null: not known (yet). */
export type Recent = {
  readonly connectionsPerS: number | null;
  readonly bytesUpPerS: number | null;
  readonly bytesDownPerS: number | null;
  /** Connections a second, the oldest first. */
  readonly trend: readonly (number | null)[];
};

export type Lately = {
  readonly backend: (pool: string, name: string) => Recent;
  readonly total: () => Recent;
};

/** The rates of a backend that nothing is known of. */
const UNKNOWN: Recent = {
  connectionsPerS: null,
  bytesUpPerS: null,
  bytesDownPerS: null,
  trend: [],
};

/** Beyond this a line of a terminal has no room. */
export const TREND = 20;

/** Reads the answer of `GET /v1/history`; null: this bal has none. */
export function fromHistory(history: History | null): Lately {
  if (history === null) return { backend: () => UNKNOWN, total: () => UNKNOWN };
  const recentOf = (track: History["total"] | History["backends"][number]): Recent => ({
    connectionsPerS: track.connections_per_s.at(-1) ?? null,
    bytesUpPerS: track.bytes_up_per_s.at(-1) ?? null,
    bytesDownPerS: track.bytes_down_per_s.at(-1) ?? null,
    trend: track.connections_per_s,
  });
  const tracks = new Map(history.backends.map((track) => [keyOf(track.pool, track.name), track]));
  return {
    backend: (pool, name) => {
      const track = tracks.get(keyOf(pool, name));
      return track === undefined ? UNKNOWN : recentOf(track);
    },
    total: () => recentOf(history.total),
  };
}

type Counted = { readonly connections: number; readonly up: number; readonly down: number };
type Gauge = { readonly counted: Counted; readonly recent: Recent };

/** Rates between one look and the next. */
export class Meter implements Lately {
  private gauges = new Map<string, Gauge>();
  private all: Gauge | null = null;
  private lastMs: number | null = null;
  private pid: number | null = null;

  /** `nowMs` by a monotonic clock. */
  look({ pid, listeners, pools }: Status, nowMs: number): void {
    // Another process counts from zero.
    const seconds = pid === this.pid && this.lastMs !== null ? (nowMs - this.lastMs) / 1000 : null;
    const before = pid === this.pid ? this.gauges : new Map<string, Gauge>();
    const allBefore = pid === this.pid ? this.all : null;
    const backends = pools.flatMap((pool) =>
      pool.backends.map((backend) => ({ key: keyOf(pool.name, backend.name), backend })),
    );
    this.gauges = new Map(
      backends.map(({ key, backend }) => {
        const counted = countedOf(backend);
        return [key, gauge(counted, before.get(key) ?? null, seconds)];
      }),
    );
    const bytes = (key: "bytes_up" | "bytes_down") =>
      backends.reduce((sum, { backend }) => sum + backend[key], 0);
    const accepted = listeners.reduce((sum, listener) => sum + listener.accepted, 0);
    const sum = { connections: accepted, up: bytes("bytes_up"), down: bytes("bytes_down") };
    this.all = gauge(sum, allBefore, seconds);
    this.lastMs = nowMs;
    this.pid = pid;
  }

  backend(pool: string, name: string): Recent {
    return this.gauges.get(keyOf(pool, name))?.recent ?? UNKNOWN;
  }

  total(): Recent {
    return this.all?.recent ?? UNKNOWN;
  }
}

function countedOf({ total, bytes_up, bytes_down }: BackendStatus): Counted {
  return { connections: total, up: bytes_up, down: bytes_down };
}

function gauge(counted: Counted, before: Gauge | null, seconds: number | null): Gauge {
  if (before === null || seconds === null || seconds <= 0) return { counted, recent: UNKNOWN };
  // A sum is less when a backend has gone with its part: no rate is known then.
  const rate = (key: keyof Counted) => {
    const rise = counted[key] - before.counted[key];
    return rise >= 0 ? rise / seconds : null;
  };
  const connectionsPerS = rate("connections");
  const trend = [...before.recent.trend, connectionsPerS].slice(-TREND);
  const recent = { connectionsPerS, bytesUpPerS: rate("up"), bytesDownPerS: rate("down"), trend };
  return { counted, recent };
}

function keyOf(pool: string, name: string): string {
  return JSON.stringify([pool, name]);
}

// The last hour in samples of ten seconds: what bal and each backend did. A ring in memory that costs
// 7 KiB a backend and ends with the process.
import type {
  BackendStatus,
  History,
  ListenerStatus,
  PoolStatus,
  Series,
} from "../../api/admin-api.ts";

export const SAMPLE_MS = 10_000;
/** An hour of them. */
export const SAMPLES = 360;
/** Those beyond are in the totals only: a thousand backends would cost 7 MiB. */
const MAX_TRACKED = 512;

/** The counters since the start, and the gauges of the moment. */
type Reading = {
  readonly active: number;
  readonly connections: number;
  readonly refused: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly checkMs: number;
};

const NOTHING: Reading = {
  active: 0,
  connections: 0,
  refused: 0,
  bytesUp: 0,
  bytesDown: 0,
  checkMs: Number.NaN,
};

/** The columns of a track, in their order. */
const AT = { active: 0, connections: 1, refused: 2, bytesUp: 3, bytesDown: 4, checkMs: 5 } as const;
type Column = keyof typeof AT;
const RATES = ["connections", "refused", "bytesUp", "bytesDown"] as const satisfies Column[];

/** One backend, or all. NaN: there was nothing to tell. */
type Track = { last: Reading; readonly values: Float32Array };

export type Now = {
  /** By the monotonic clock. */
  readonly ms: number;
  /** By the wall clock, in milliseconds since 1970. */
  readonly epochMs: number;
};

/** Dials that succeeded, since the start. */
export type DialTotals = { readonly count: number; readonly seconds: number };

type Observed = {
  readonly listeners: readonly ListenerStatus[];
  readonly pools: readonly PoolStatus[];
  readonly dials: DialTotals;
};

export class HistoryRing {
  private readonly times = new Float64Array(SAMPLES);
  private readonly total = track(NOTHING);
  private readonly dialMs = new Float32Array(SAMPLES);
  private dials: DialTotals = { count: 0, seconds: 0 };
  private tracks = new Map<string, Track & { readonly pool: string; readonly name: string }>();
  private taken = 0;
  private lastMs: number;
  private timer: Timer | null = null;

  /** Rates count from here on. */
  constructor(nowMs: number) {
    this.lastMs = nowMs;
  }

  /** Takes samples from now on. */
  keep(observe: () => Observed): void {
    const sample = () => this.sample({ ms: performance.now(), epochMs: Date.now() }, observe());
    this.timer = setInterval(sample, SAMPLE_MS).unref();
  }

  /** Takes no more, and forgets them. */
  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.tracks.clear();
  }

  sample({ ms, epochMs }: Now, { listeners, pools, dials }: Observed): void {
    const at = { index: this.taken % SAMPLES, seconds: Math.max(1e-3, (ms - this.lastMs) / 1000) };
    const before = this.tracks;
    this.tracks = new Map();
    let sum = sumListeners(listeners);
    for (const { name: pool, backends } of pools) {
      for (const backend of backends) {
        sum = addBackend(sum, backend);
        if (this.tracks.size >= MAX_TRACKED) continue;
        const { name } = backend;
        const key = JSON.stringify([pool, name]);
        // A new backend has counted everything since the last sample.
        const found = before.get(key) ?? { pool, name, ...track(NOTHING) };
        this.tracks.set(key, found);
        record(found, readingOf(backend), at);
      }
    }
    record(this.total, sum, at);
    this.dialMs[at.index] = meanMs(this.dials, dials);
    this.dials = dials;
    this.times[at.index] = epochMs;
    this.taken++;
    this.lastMs = ms;
  }

  /** The newest `last` samples, or as many as there are. */
  read(last: number): History {
    const count = Math.min(last, this.taken, SAMPLES);
    const indices = Array.from({ length: count }, (_, i) => (this.taken - count + i) % SAMPLES);
    const seriesOf = ({ values }: Track, column: Column): Series =>
      indices.map((index) => rounded(values[AT[column] * SAMPLES + index] ?? Number.NaN));
    const common = (one: Track) => ({
      active: seriesOf(one, "active"),
      connections_per_s: seriesOf(one, "connections"),
      bytes_up_per_s: seriesOf(one, "bytesUp"),
      bytes_down_per_s: seriesOf(one, "bytesDown"),
      check_ms: seriesOf(one, "checkMs"),
    });
    return {
      interval_s: SAMPLE_MS / 1000,
      times: indices.map((index) => new Date(this.times[index] ?? 0).toISOString()),
      total: {
        ...common(this.total),
        refused_per_s: seriesOf(this.total, "refused"),
        dial_ms: indices.map((index) => rounded(this.dialMs[index] ?? Number.NaN)),
      },
      backends: [...this.tracks.values()].map((one) => ({
        pool: one.pool,
        name: one.name,
        ...common(one),
      })),
    };
  }
}

function track(last: Reading): Track {
  return { last, values: new Float32Array(Object.keys(AT).length * SAMPLES).fill(Number.NaN) };
}

type Place = { readonly index: number; readonly seconds: number };

function record(one: Track, reading: Reading, { index, seconds }: Place): void {
  const { values, last } = one;
  for (const column of RATES) {
    // A sum is less when a backend or a listener has gone with its part: no rate is known then.
    const rise = reading[column] - last[column];
    values[AT[column] * SAMPLES + index] = rise >= 0 ? rise / seconds : Number.NaN;
  }
  values[AT.active * SAMPLES + index] = reading.active;
  values[AT.checkMs * SAMPLES + index] = reading.checkMs;
  one.last = reading;
}

function sumListeners(listeners: readonly ListenerStatus[]): Reading {
  const sum = (of: (listener: ListenerStatus) => number) =>
    listeners.reduce((all, listener) => all + of(listener), 0);
  return {
    ...NOTHING,
    active: sum(({ active }) => active),
    connections: sum(({ accepted }) => accepted),
    refused: sum(({ refused }) => refused),
  };
}

/** Clients are counted where they come in, bytes where they go; of checks the slowest. */
function addBackend(sum: Reading, { bytes_up, bytes_down, check_ms }: BackendStatus): Reading {
  const isSlower = check_ms !== null && !(check_ms < sum.checkMs);
  return {
    ...sum,
    bytesUp: sum.bytesUp + bytes_up,
    bytesDown: sum.bytesDown + bytes_down,
    checkMs: isSlower ? check_ms : sum.checkMs,
  };
}

function readingOf({ active, total, bytes_up, bytes_down, check_ms }: BackendStatus): Reading {
  return {
    active,
    connections: total,
    refused: 0,
    bytesUp: bytes_up,
    bytesDown: bytes_down,
    checkMs: check_ms ?? Number.NaN,
  };
}

/** The mean time of the dials in between; NaN when there were none, or fewer: a backend has gone. */
function meanMs(before: DialTotals, now: DialTotals): number {
  const [count, seconds] = [now.count - before.count, now.seconds - before.seconds];
  return count > 0 && seconds >= 0 ? (seconds / count) * 1000 : Number.NaN;
}

/** Two decimals are all that a reader can use. */
function rounded(value: number): number | null {
  return Number.isNaN(value) ? null : Math.round(value * 100) / 100;
}

// The daemon's history as this page holds it: fetched whole once, then only what is new.
import type { History, Series } from "../../../api/admin-api.ts";
import type { Reply } from "./api.ts";

const HOUR_S = 3600;
/** The spans of a plot: the first in which all samples have room, so that a young one is no dot. */
const SPANS_S = [300, 900, 1800, HOUR_S];
/** Asked for again and again: enough to have missed one. */
const NEWEST = 2;

const EMPTY: History = {
  interval_s: 10,
  times: [],
  total: {
    active: [],
    connections_per_s: [],
    refused_per_s: [],
    dial_ms: [],
    bytes_up_per_s: [],
    bytes_down_per_s: [],
    check_ms: [],
  },
  backends: [],
};

export class Hour {
  private history = EMPTY;
  private instants: readonly number[] = [];
  private trends = new Map<string, Series>();
  private fetchedAtMs: number | null = null;

  /** In milliseconds since 1970. */
  get times(): readonly number[] {
    return this.instants;
  }

  get total(): History["total"] {
    return this.history.total;
  }

  get spanMs(): number {
    const held = this.history.times.length * this.history.interval_s;
    return (SPANS_S.find((span) => held <= span) ?? HOUR_S) * 1000;
  }

  /** In a span. */
  get samples(): number {
    return this.spanMs / 1000 / this.history.interval_s;
  }

  trendOf(pool: string, backend: string): Series | null {
    return this.trends.get(JSON.stringify([pool, backend])) ?? null;
  }

  /** Another process has another history. */
  forget(): void {
    this.fetchedAtMs = null;
  }

  /** Takes what is new, where there can be something new. */
  async refresh(fetchHistory: (last: number | null) => Promise<Reply<History>>): Promise<void> {
    const nowMs = performance.now();
    const { interval_s } = this.history;
    const waited = this.fetchedAtMs === null ? null : (nowMs - this.fetchedAtMs) / 1000;
    if (waited !== null && waited < interval_s / 2) return;
    const isWhole = waited === null || waited > NEWEST * interval_s;
    const reply = await fetchHistory(isWhole ? null : NEWEST);
    if (reply.kind !== "ok") return;
    this.fetchedAtMs = nowMs;
    this.take(isWhole ? reply.body : this.extended(reply.body));
  }

  private take(history: History): void {
    if (history.times.at(-1) === this.history.times.at(-1) && history.times.length > 0) return;
    this.history = history;
    this.instants = history.times.map((time) => Date.parse(time));
    const { backends } = history;
    this.trends = new Map(
      backends.map(({ pool, name, connections_per_s }) => [
        JSON.stringify([pool, name]),
        connections_per_s,
      ]),
    );
  }

  /** The history that is held, continued with the later samples of `newest`. */
  private extended(newest: History): History {
    const { history } = this;
    const lastTime = history.times.at(-1) ?? "";
    const from = newest.times.findIndex((time) => time > lastTime);
    if (from < 0) return history;
    const joined = <T>(before: readonly T[], after: readonly T[]) =>
      [...before, ...after.slice(from)].slice(-HOUR_S / newest.interval_s);
    const series = (before: Series | undefined, after: Series): Series =>
      joined(before ?? history.times.map(() => null), after);
    const held = new Map(
      history.backends.map((one) => [JSON.stringify([one.pool, one.name]), one]),
    );
    const { total } = history;
    const added = newest.total;
    return {
      interval_s: newest.interval_s,
      times: joined(history.times, newest.times),
      total: {
        active: series(total.active, added.active),
        connections_per_s: series(total.connections_per_s, added.connections_per_s),
        refused_per_s: series(total.refused_per_s, added.refused_per_s),
        bytes_up_per_s: series(total.bytes_up_per_s, added.bytes_up_per_s),
        bytes_down_per_s: series(total.bytes_down_per_s, added.bytes_down_per_s),
        check_ms: series(total.check_ms, added.check_ms),
        dial_ms: series(total.dial_ms, added.dial_ms),
      },
      backends: newest.backends.map((one) => {
        const before = held.get(JSON.stringify([one.pool, one.name]));
        const rates = series(before?.connections_per_s, one.connections_per_s);
        return { ...one, connections_per_s: rates };
      }),
    };
  }
}

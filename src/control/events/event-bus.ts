// Publishes this bal's events to its listeners; the last ones are kept in memory for listeners that come later.
import type { BalEvent, EventKind } from "../../api/admin-api.ts";

type Listener = (event: BalEvent) => void;

type Facts = Partial<Omit<BalEvent, "time" | "kind">>;

/** A few hundred KiB at most. */
export const MAX_PAST = 1000;

export class EventBus {
  private readonly listeners = new Set<Listener>();
  private past: BalEvent[] = [];

  emit(kind: EventKind, facts: Facts): void {
    const nothing = { pool: null, backend: null, from: null, to: null, reason: null };
    const event: BalEvent = { time: new Date().toISOString(), kind, ...nothing, ...facts };
    this.past.push(event);
    // Seldom, and then many: not one by one.
    if (this.past.length >= 2 * MAX_PAST) this.past = this.past.slice(-MAX_PAST);
    for (const listener of this.listeners) listener(event);
  }

  /** The newest ones, the oldest of them first. */
  last(count: number): readonly BalEvent[] {
    return count === 0 ? [] : this.past.slice(-Math.min(count, MAX_PAST));
  }

  /** Returns what ends it. */
  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

// What happens to this bal, told to whoever listens at the moment: nothing is kept.
import type { BalEvent, EventKind } from "../../api/admin-api.ts";

type Listener = (event: BalEvent) => void;

type Facts = Partial<Omit<BalEvent, "time" | "kind">>;

export class EventBus {
  private readonly listeners = new Set<Listener>();

  emit(kind: EventKind, facts: Facts): void {
    if (this.listeners.size === 0) return;
    const nothing = { pool: null, backend: null, from: null, to: null, reason: null };
    const event: BalEvent = { time: new Date().toISOString(), kind, ...nothing, ...facts };
    for (const listener of this.listeners) listener(event);
  }

  /** Returns what ends it. */
  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

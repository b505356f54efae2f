// The control plane's counters of itself, fed by its own events.
import type { BalEvent } from "../../api/admin-api.ts";
import type { EventBus } from "./event-bus.ts";

export class EventCounters {
  reloads = 0;
  failedReloads = 0;
  workerRestarts = 0;
  private readonly ejections = new Map<string, number>();

  constructor(events: EventBus) {
    events.subscribe((event) => this.take(event));
  }

  ejectionsOf(pool: string, backend: string): number {
    return this.ejections.get(`${pool}\0${backend}`) ?? 0;
  }

  private take({ kind, pool, backend, to }: BalEvent): void {
    if (kind === "reload") this.reloads++;
    else if (kind === "reload-failed") this.failedReloads++;
    else if (kind === "worker" && to === "serving") this.workerRestarts++;
    else if (kind === "state" && to === "ejected") {
      const key = `${pool}\0${backend}`;
      this.ejections.set(key, (this.ejections.get(key) ?? 0) + 1);
    }
  }
}

// What an operator reads about backends, in the log and as events: each change of state once, and the names
// that do not resolve.
import type { DiscoverStatus } from "../../api/admin-api.ts";
import { localErrorRemedy } from "../../base/os-error.ts";
import type { BackendState } from "../../shared/health-bits.ts";
import type { DiscoveryChange } from "../discovery/changes.ts";
import type { EventBus } from "../events/event-bus.ts";
import type { Log } from "../logs/log.ts";
import type { Backend } from "./backend.ts";

export class BackendJournal {
  private readonly log: Log;
  private readonly events: EventBus;

  constructor(log: Log, events: EventBus) {
    this.log = log;
    this.events = events;
  }

  changed(backend: Backend, from: BackendState): void {
    const { pool, state, reason } = backend;
    const { name } = backend.config;
    const fields = { pool, backend: name, from, to: state, reason };
    this.events.emit("state", fields);
    const why = reason === null ? "" : `: ${reason}`;
    const message = `${pool}/${name} is ${state}${why}`;
    if (state === "up" || state === "unknown") this.log.info(`backend-${state}`, message, fields);
    else this.log.warn(`backend-${state}`, message, fields);
  }

  /** A worker could not dial, for a reason of this host's. */
  localError(backend: Backend | undefined, error: string): void {
    const name = backend?.config.name ?? "a backend";
    const message = `cannot dial ${name}: ${error}: ${localErrorRemedy(error)}`;
    this.log.warn("local-error", message, { error, backend: name, pool: backend?.pool });
  }

  /** A host has other addresses than before. */
  resolved(host: string, addresses: readonly string[] | null): void {
    const message = `${host} is now ${addresses?.join(", ") ?? "without an address"}`;
    this.log.info("resolved", message, { host, addresses });
  }

  discovered(changes: readonly DiscoveryChange[]): void {
    for (const { message, ...fields } of changes) this.log.info("discovered", message, fields);
  }

  unresolved({ pool, config }: Backend, host: string, error: string | null): void {
    const message = `${host} does not resolve${because(error)}; bal tries it again`;
    this.log.warn("unresolved", message, { pool, backend: config.name });
  }

  /** Says nothing where the name of a pool has an answer, or there is none. */
  undiscovered(pool: string, found: DiscoverStatus | null): void {
    if (found?.state !== "unresolved") return;
    const { name, error } = found;
    const message = `${name} does not resolve${because(error)}; pool ${pool} has no backends from it until it does`;
    this.log.warn("unresolved", message, { pool, name, error });
  }
}

function because(error: string | null): string {
  return error === null ? "" : ` (${error})`;
}

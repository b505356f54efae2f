// Everything that decides whether a backend is eligible, brought together: names that resolve,
// checks, ejections by the workers' dials. Says each change of state once in the log.
import { parseIp } from "../base/address.ts";
import { localErrorRemedy } from "../base/os-error.ts";
import type { Config } from "../config/config.ts";
import type { BackendState } from "../shared/backend-state.ts";
import type { Board } from "../shared/board.ts";
import { type BackendRecord, recordOf, restoreRecord } from "./backend-record.ts";
import { type Backend, Backends } from "./backends.ts";
import { Resolver } from "./discovery/resolver.ts";
import { Ejections } from "./ejections.ts";
import type { Events } from "./events.ts";
import { expiryWarning } from "./health/certificate.ts";
import { type CheckResult, Prober } from "./health/prober.ts";
import type { Log } from "./log.ts";
import type { Overrides } from "./overrides.ts";

export type BackendHealthEvents = {
  /** The workers have to be told of other addresses. */
  readonly onEndpointsChange: () => void;
  /** A backend went down whose sessions are to be reset. */
  readonly onClose: (slot: number) => void;
};

export type BackendHealthParts = {
  readonly board: Board;
  readonly log: Log;
  readonly overrides: Overrides;
  readonly events: Events;
  /** What another process has learnt of the backends. */
  readonly records: readonly BackendRecord[];
};

export class BackendHealth {
  readonly backends: Backends;
  private readonly log: Log;
  private readonly prober: Prober;
  private readonly resolver: Resolver;
  private readonly ejections: Ejections;
  private readonly events: BackendHealthEvents;
  private readonly board: Board;
  private inherited: readonly BackendRecord[];
  /** Ends of certificates that were warned of, by slot. */
  private readonly expiries = new Map<number, number>();

  constructor(parts: BackendHealthParts, events: BackendHealthEvents) {
    const { board, log, overrides } = parts;
    this.log = log;
    this.events = events;
    this.board = board;
    this.inherited = parts.records;
    this.resolver = new Resolver({ onChange: (host) => this.resolved(host) });
    this.backends = new Backends({
      board,
      overrides,
      addressesOf: (host) => this.resolver.answer(host),
      onStateChange: (backend, from) => {
        this.tellChange(backend, from, parts.events);
        if (backend.state === "down" && backend.onDown === "close") events.onClose(backend.slot);
      },
      onForgotten: (slot) => {
        this.ejections.forget(slot);
        this.expiries.delete(slot);
      },
    });
    this.ejections = new Ejections(board, {
      onEnd: (slot) => this.backends.refresh(slot, null),
      mayEnd: (slot) => {
        if (!this.prober.isDoubtful(slot)) return true;
        this.prober.urge(slot);
        return false;
      },
    });
    this.prober = new Prober({
      onCheck: (result) => this.checked(result),
      onTransition: (slot, to, error) => this.backends.setProbe(slot, to, checkReason(error)),
    });
  }

  /** Looks up the names of a config that are new, for `withinMs` at most. */
  async resolve(config: Config, withinMs: number): Promise<void> {
    await this.resolver.resolve(hostnames(config), withinMs);
  }

  /** Forgets the names that only a config which did not come to be had. */
  keepNames(config: Config): void {
    this.resolver.sync(hostnames(config));
  }

  serve(config: Config): void {
    this.backends.reconcile(config);
    this.resolver.sync(hostnames(config));
    this.prober.sync(this.backends.probeTargets());
    this.restore();
    for (const backend of config.pools.flatMap((pool) => this.backends.ofPool(pool))) {
      if (backend.state === "unresolved") this.warnUnresolved(backend);
    }
    for (const pool of config.pools.filter(({ healthCheck }) => healthCheck.type === "off")) {
      for (const { slot } of this.backends.ofPool(pool)) this.backends.setProbe(slot, "up", null);
    }
  }

  /** A worker has ejected a backend. */
  ejected(slot: number, error: string): void {
    const forMs = this.ejections.ejected(slot);
    this.backends.refresh(slot, `dials failed: ${error}; tried again in ${Math.round(forMs)} ms`);
    this.prober.urge(slot);
  }

  /** A worker could not dial for a reason of this host's. */
  localError(slot: number, error: string): void {
    const backend = this.backends.get(slot);
    const name = backend?.config.name ?? "a backend";
    const message = `cannot dial ${name}: ${error}: ${localErrorRemedy(error)}`;
    this.log.warn("local-error", message, { error, backend: name, pool: backend?.pool });
  }

  stop(): void {
    this.prober.stop();
    this.resolver.stop();
    this.ejections.stop();
  }

  /** For a process that takes this one's place. */
  records(): readonly BackendRecord[] {
    return this.backends
      .all()
      .map((backend) =>
        recordOf(
          backend,
          this.board.healthBits(backend.slot),
          this.ejections.running(backend.slot),
        ),
      );
  }

  private restore(): void {
    for (const record of this.inherited) {
      const { pool, name, ejection, health } = record;
      const backend = this.backends.find(pool, name);
      if (backend === null || !restoreRecord(backend, record, this.board)) continue;
      this.prober.know(backend.slot, health);
      if (ejection !== null) this.ejections.resume(backend.slot, ejection);
    }
    this.inherited = [];
  }

  private resolved(host: string): void {
    if (!this.backends.refreshEndpoints()) return;
    const addresses = this.resolver.answer(host);
    this.log.info("resolved", `${host} is now ${addresses?.join(", ")}`, { host, addresses });
    this.prober.sync(this.backends.probeTargets());
    this.events.onEndpointsChange();
  }

  private checked({ slot, ok, durationMs, expiresAt }: CheckResult): void {
    const backend = this.backends.get(slot);
    if (backend === undefined) return;
    backend.checkMs = Math.round(durationMs * 100) / 100;
    backend.checks[ok ? "passed" : "failed"]++;
    backend.checks.seconds.observe(durationMs / 1000);
    if (ok) this.ejections.passedCheck(slot);
    if (expiresAt !== null) this.warnExpiry(backend, expiresAt);
  }

  // Once for each certificate.
  private warnExpiry(backend: Backend, expiresAt: Date): void {
    if (this.expiries.get(backend.slot) === expiresAt.getTime()) return;
    const warning = expiryWarning(expiresAt, backend.expiryWarningMs);
    if (warning === null) return;
    this.expiries.set(backend.slot, expiresAt.getTime());
    const { pool, config } = backend;
    const fields = { pool, backend: config.name, expires_at: expiresAt.toISOString() };
    this.log.warn("certificate-expiry", `${pool}/${config.name}: ${warning}`, fields);
  }

  private warnUnresolved(backend: Backend): void {
    const { host, name } = backend.config;
    const error = this.resolver.lastError(host);
    const message = `${host} does not resolve${error === null ? "" : ` (${error})`}; it is tried again every 10 s`;
    this.log.warn("unresolved", message, { pool: backend.pool, backend: name });
  }

  private tellChange(backend: Backend, from: BackendState, events: Events): void {
    const { pool, state, reason } = backend;
    const { name } = backend.config;
    const fields = { pool, backend: name, from, to: state, reason };
    events.emit("state", fields);
    const why = reason === null ? "" : `: ${reason}`;
    const message = `${pool}/${name} is ${state}${why}`;
    if (state === "up" || state === "unknown") this.log.info(`backend-${state}`, message, fields);
    else this.log.warn(`backend-${state}`, message, fields);
  }
}

function checkReason(error: string | null): string | null {
  return error === null ? null : `check failed: ${error}`;
}

export function hostnames(config: Config): readonly string[] {
  const hosts = config.pools.flatMap((pool) => pool.backends.map(({ host }) => host));
  return [...new Set(hosts.filter((host) => parseIp(host) === null))];
}

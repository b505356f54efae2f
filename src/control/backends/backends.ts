// Everything that decides whether a backend is eligible, brought together: names that resolve,
// checks, ejections by the workers' dials.
import type { DiscoverStatus, Override } from "../../api/admin-api.ts";
import { type Endpoint, parseIp } from "../../base/address.ts";
import { formatDuration } from "../../base/units.ts";
import type { BackendConfig, Config, PoolConfig } from "../../config/config.ts";
import type { Board } from "../../shared/board.ts";
import { discoveryChanges } from "../discovery/changes.ts";
import { DiscoveredPools } from "../discovery/discovered-pools.ts";
import { Discovery, type KnownAnswers } from "../discovery/discovery.ts";
import type { EventBus } from "../events/event-bus.ts";
import { type CheckResult, Prober } from "../health/prober.ts";
import type { Log } from "../logs/log.ts";
import { type Backend, countCheck } from "./backend.ts";
import { BackendJournal } from "./backend-journal.ts";
import { type BackendSnapshot, recordOf, restoreSnapshot } from "./backend-snapshot.ts";
import { BackendTable } from "./backend-table.ts";
import { CertificateWarnings } from "./certificate-warnings.ts";
import { Ejections } from "./ejections.ts";
import { endpointsOf, hostOf } from "./endpoints.ts";
import { mergeOverride, settingsOf } from "./override.ts";
import type { OverrideStore } from "./override-store.ts";
import { areSessionsMoved, PoolWatch } from "./pool-watch.ts";
import { longestDialMs, Restarts } from "./restarts.ts";

type BackendsEvents = {
  /** The workers have to be told of other addresses. */
  readonly onEndpointsChange: () => void;
  /** A backend went down whose sessions are to be reset. */
  readonly onClose: (slot: number) => void;
};

type BackendsParts = {
  readonly board: Board;
  readonly log: Log;
  readonly overrides: OverrideStore;
  readonly events: EventBus;
  readonly knowledge: Knowledge;
};

/** The backends' state that another process has learnt, and the answers it had for names. */
export type Knowledge = {
  readonly backends: readonly BackendSnapshot[];
  readonly answers: KnownAnswers;
};

export const NO_KNOWLEDGE: Knowledge = { backends: [], answers: { hosts: [], services: [] } };

export class Backends {
  readonly backends: BackendTable;
  readonly discovery: Discovery;
  private readonly journal: BackendJournal;
  private readonly prober: Prober;
  private readonly ejections: Ejections;
  private readonly restarts: Restarts;
  readonly pools: PoolWatch;
  private readonly events: BackendsEvents;
  private readonly bus: EventBus;
  private readonly board: Board;
  private inherited: readonly BackendSnapshot[];
  /** As it is written: without what was discovered. */
  private config: Config | null = null;
  private readonly discovered: DiscoveredPools;
  private readonly certificates: CertificateWarnings;
  private isTrusting = false;

  constructor(parts: BackendsParts, events: BackendsEvents) {
    const { board, log, overrides } = parts;
    this.journal = new BackendJournal(log, parts.events);
    this.events = events;
    this.bus = parts.events;
    this.certificates = new CertificateWarnings(log);
    this.board = board;
    this.inherited = parts.knowledge.backends;
    this.discovery = new Discovery(log, () => this.answered());
    this.discovery.know(parts.knowledge.answers);
    this.discovered = new DiscoveredPools(this.discovery, log);
    this.backends = new BackendTable({
      board,
      overrides,
      endpointsOf: (pool, backend) => this.endpointsOf(pool, backend),
      onStateChange: (backend, from) => {
        if (!this.pools.isQuiet) this.journal.changed(backend, from);
        if (backend.state === "down" && backend.onDown === "close") events.onClose(backend.slot);
        this.lookAt(backend.pool);
      },
      onForgotten: (slot) => {
        this.ejections.forget(slot);
        this.restarts.forget(slot);
        this.certificates.forget(slot);
      },
    });
    this.pools = new PoolWatch({
      board,
      log,
      events: parts.events,
      backendsOf: (pool) => this.backends.ofPool(pool),
      onNobody: (all) => {
        for (const { slot, state } of all) if (state === "down") this.prober.checkNow(slot);
      },
      onClose: events.onClose,
    });
    this.ejections = new Ejections(board, {
      onEnd: (slot) => {
        const backend = this.backends.get(slot);
        if (backend !== undefined) backend.unprovenAt = board.backendTotal(slot, "connections");
        this.backends.refresh(slot, null);
      },
      mayEnd: (slot) => {
        if (!this.prober.isDoubtful(slot)) return true;
        this.prober.checkNow(slot);
        return false;
      },
    });
    this.restarts = new Restarts(board, (slot) => this.lookAt(this.backends.get(slot)?.pool ?? ""));
    this.prober = new Prober({
      onCheck: (result) => this.checked(result),
      onTransition: (to, result) => this.transition(to, result),
      isMissed: (slot) => this.pools.hasNobody(this.backends.get(slot)?.pool ?? ""),
    });
  }

  /** Looks up the names of a config that are new, for `withinMs` at most. */
  async resolve(config: Config, withinMs: number): Promise<void> {
    await this.discovery.resolve(config, withinMs);
  }

  /** Forgets the names that only a config which did not come to be had. */
  setNames(config: Config): void {
    this.discovery.setNames(config);
  }

  applyConfig(config: Config): void {
    this.config = config;
    this.discovery.setNames(config);
    this.backends.reconcile(this.discovered.expand(config, this.backends));
    this.prober.setTargets(this.backends.probeTargets());
    this.restore();
    for (const pool of this.backends.present) {
      for (const backend of this.backends.ofPool(pool)) {
        if (backend.state !== "unresolved") continue;
        const [host = backend.config.name] = hostOf(backend.config);
        this.journal.unresolved(backend, host, this.discovery.hostError(host));
      }
      this.journal.undiscovered(pool.name, this.discovery.stateOf(pool));
    }
    this.pools.keepOnly(this.backends.present);
    this.trustUncheckedThenLook();
  }

  /** Every second: slow starts go on, and sessions that are with the wrong backend end. */
  tick(): void {
    this.backends.warm();
    this.lookAtAll();
  }

  /** Every worker has what is served. */
  onApplied(): void {
    this.backends.onApplied();
  }

  /** Frees the rows of removed backends whose last session has ended. */
  collect(): void {
    if (this.backends.collect() && this.discovered.isCut) this.answered();
  }

  /** Gives up discovered backends where another config needs their rows, which are free when the workers know
   *  and the last sessions have ended. Returns whether it gave up any. */
  makeRoomFor(next: Config): boolean {
    if (this.config === null || this.backends.hasRoomFor(next)) return false;
    this.backends.reconcile(this.discovered.expand(this.config, this.backends, next));
    this.prober.setTargets(this.backends.probeTargets());
    return true;
  }

  /** How it stands with the name that a pool's backends are found by; null: there is none. */
  discoverStatus(pool: PoolConfig): DiscoverStatus | null {
    const status = this.discovery.stateOf(pool);
    const left_out = this.discovered.leftOut(pool.name);
    return status === null || left_out === 0 ? status : { ...status, left_out };
  }

  /** A worker has ejected a backend. */
  ejected(slot: number, error: string): void {
    const forMs = this.ejections.ejected(slot);
    this.backends.refresh(
      slot,
      `dials failed: ${error}; bal tries it again within ${formatDuration(Math.ceil(forMs / 100) * 100)}`,
    );
    this.prober.checkNow(slot);
  }

  /** A worker could not dial for a reason of this host's. */
  localError(slot: number, error: string): void {
    this.journal.localError(this.backends.get(slot), error);
  }

  /** Takes an operator's change, or with null all of them back. Returns whether it has another weight. */
  override(backend: Backend, change: Override | null): boolean {
    const before = settingsOf(backend);
    const { override: present, config, pool } = backend;
    this.backends.override(backend, change === null ? {} : mergeOverride(present, change, config));
    const after = settingsOf(backend);
    for (const key of ["drain", "weight"] as const) {
      const [from, to] = [before[key], after[key]];
      const what = { pool, backend: config.name, from, to, reason: "by an operator" };
      if (from !== to) this.bus.emit(key, what);
    }
    return after.weight !== before.weight;
  }

  /** No new clients come: the checks go on, without a word, that decide about sessions and clients that wait. */
  retire(): void {
    this.pools.isQuiet = true;
    this.discovery.stop();
    this.prober.setTargets(this.backends.probeTargets(areSessionsMoved));
  }

  /** For a process that takes this one's place. */
  knowledge(): Knowledge {
    const { board, ejections } = this;
    const backends = this.backends
      .all()
      .map((one) => recordOf(one, board.healthBits(one.slot), ejections.running(one.slot)));
    return { backends, answers: this.discovery.knowledge() };
  }

  private restore(): void {
    for (const record of this.inherited) {
      const { pool, name, ejection, health } = record;
      const backend = this.backends.find(pool, name);
      if (backend === null || !restoreSnapshot(backend, record, this.board)) continue;
      this.prober.know(backend.slot, health);
      if (ejection !== null) this.ejections.resume(backend.slot, ejection);
    }
    if (this.inherited.length > 0) this.backends.warm();
    this.inherited = [];
  }

  // Some name has another answer than before.
  private answered(): void {
    const { config, backends } = this;
    if (config === null) return;
    const next = this.discovered.expand(config, backends);
    const moved = backends.refreshEndpoints();
    for (const host of new Set(moved.flatMap(({ config }) => hostOf(config)))) {
      this.journal.resolved(host, this.discovery.addressesOf(host));
    }
    const changes = discoveryChanges(backends.present, next.pools);
    this.journal.discovered(changes);
    if (changes.length > 0) backends.reconcile(next);
    if (changes.length === 0 && moved.length === 0) return;
    this.prober.setTargets(backends.probeTargets());
    this.trustUncheckedThenLook();
    this.events.onEndpointsChange();
  }

  private lookAt(name: string): void {
    const pool = this.backends.poolNamed(name);
    if (pool !== null && !this.isTrusting) this.pools.look(pool);
  }

  private lookAtAll(): void {
    for (const pool of this.backends.present) this.pools.look(pool);
  }

  private trustUncheckedThenLook(): void {
    this.isTrusting = true;
    for (const pool of this.backends.present) {
      if (pool.healthCheck.checks.length > 0) continue;
      for (const { slot } of this.backends.ofPool(pool)) this.backends.setProbe(slot, "up", null);
    }
    this.isTrusting = false;
    this.lookAtAll();
  }

  /** Without bal's own listeners: none of them is meant by an answer that leads to its own pool. */
  private endpointsOf(pool: string, backend: BackendConfig): readonly Endpoint[] {
    const found = endpointsOf(backend, (host) => this.discovery.addressesOf(host));
    if (backend.address.kind === "unix" || parseIp(backend.address.host) !== null) return found;
    return found.filter(
      (one) => one.family === "unix" || !this.discovered.isOwn(pool, one.ip, one.port),
    );
  }

  private transition(to: "up" | "down", { slot, code, error }: CheckResult): void {
    const pool = this.backends.poolNamed(this.backends.get(slot)?.pool ?? "");
    if (to === "up") this.restarts.forget(slot);
    // Before it is down for the workers: no client comes in between.
    else if (pool !== null && this.config !== null)
      this.restarts.goesDown(slot, code, longestDialMs(this.config, pool));
    this.backends.setProbe(slot, to, checkReason(error));
  }

  private checked({ slot, ok, durationMs, error, code, expiresAt }: CheckResult): void {
    const backend = this.backends.get(slot);
    if (backend === undefined) return;
    backend.checkMs = Math.round(durationMs * 100) / 100;
    countCheck(backend, ok);
    backend.checks.seconds.observe(durationMs / 1000);
    if (ok && backend.isCheckedWhereDialled) this.ejections.passedCheck(slot);
    if (!ok) this.restarts.failedCheck(slot, code);
    if (!ok) this.backends.failedAgain(slot, checkReason(error) ?? "");
    if (expiresAt !== null) this.certificates.saw(backend, expiresAt);
  }
}

function checkReason(error: string | null): string | null {
  return error === null ? null : `check failed: ${error}`;
}

// The control plane's knowledge of each backend beside its numbers on the board: which row is
// whose, its addresses, its state since when and why. Live state follows the identity
// (pool, name) through reloads.

import type { Override } from "../../api/admin-api.ts";
import type { Endpoint } from "../../base/address.ts";
import type { BackendConfig, Config, PoolConfig } from "../../config/config.ts";
import { servingRules } from "../../config/roles.ts";
import type { Board } from "../../shared/board.ts";
import { MAX_BACKENDS, MAX_POOLS } from "../../shared/board-layout.ts";
import type { GenerationPool } from "../../shared/generation.ts";
import {
  type BackendState,
  backendState,
  DRAINING,
  EJECTED,
  PROBE_DOWN,
  PROBE_UP,
  UNRESOLVED,
} from "../../shared/health-bits.ts";
import type { ProbeTarget } from "../health/prober.ts";
import { type Backend, downMsUntil, newBackend, poolSettings } from "./backend.ts";
import { probeTarget } from "./endpoints.ts";
import { generationPool } from "./generation-pool.ts";
import { isDraining } from "./override.ts";
import type { OverrideStore } from "./override-store.ts";
import { SlotTable } from "./slot-table.ts";
import { reasonOf } from "./state-reason.ts";

type BackendTableOptions = {
  readonly board: Board;
  readonly overrides: OverrideStore;
  /** Where a pool's backend is, by the last good answer for its name. */
  readonly endpointsOf: (pool: string, backend: BackendConfig) => readonly Endpoint[];
  readonly onStateChange: (backend: Backend, from: BackendState) => void;
  /** The facts about it are of no use any more: its row is free, or it is somewhere else now. */
  readonly onForgotten: (slot: number) => void;
};

export class BackendTable {
  private readonly options: BackendTableOptions;
  private readonly slots = new SlotTable(MAX_BACKENDS);
  private readonly pools = new SlotTable(MAX_POOLS);
  private readonly bySlot = new Map<number, Backend>();
  /** Slots that the config drains from now on, as soon as every worker has it. */
  private readonly drains = new Set<number>();
  private config: Config | null = null;
  /** What `ofPool` has found since the last reconciliation: state changes ask for it all the time. */
  private readonly found = new Map<PoolConfig, readonly Backend[]>();

  constructor(options: BackendTableOptions) {
    this.options = options;
  }

  /** Is there a row for every backend and pool of a config, besides those that still drain? */
  hasRoomFor(next: Config): boolean {
    const identities = next.pools.flatMap((pool) =>
      pool.backends.map(({ name }) => identityOf(pool.name, name)),
    );
    const pools = next.pools.map(({ name }) => name);
    return this.slots.hasRoomFor(identities) && this.pools.hasRoomFor(pools);
  }

  /** Takes a new config: new backends get a row, those that stay keep their state. Nothing is taken from
   *  the workers yet: what is to serve in its place they don't know before `settle`. */
  reconcile(next: Config): void {
    const named = new Set<string>();
    const { overrides } = this.options;
    for (const pool of next.pools) {
      this.pools.take(pool.name);
      for (const config of pool.backends) {
        named.add(identityOf(pool.name, config.name));
        this.upsert(pool, config);
      }
    }
    for (const backend of this.bySlot.values()) {
      const identity = identityOf(backend.pool, backend.config.name);
      if (named.has(identity) || backend.isLeaving) continue;
      this.slots.retire(identity);
      this.leave(backend);
    }
    for (const pool of this.config?.pools ?? []) {
      if (!next.pools.some(({ name }) => name === pool.name)) this.pools.retire(pool.name);
    }
    this.config = next;
    this.found.clear();
    // An operator's override goes with the backend's row: one that is back before its sessions have ended
    // has it still.
    overrides.keepOnly(
      (pool, name) =>
        named.has(identityOf(pool, name)) || this.hasRow(pool, name) || this.mayReturn(pool),
    );
  }

  /** The workers have what was reconciled last: what drains by it does so. */
  onApplied(): void {
    for (const slot of this.drains) {
      const backend = this.bySlot.get(slot);
      if (backend === undefined || backend.isLeaving) continue;
      this.setBits(slot, isDraining(backend) ? DRAINING : 0, 0);
    }
    this.drains.clear();
  }

  /** Frees the rows of removed backends whose last session has ended. Returns whether there were any. */
  collect(): boolean {
    const { board, overrides } = this.options;
    const freed = this.slots.collect((slot) => {
      if (board.backendSessions(slot) > 0) return false;
      const gone = this.bySlot.get(slot);
      overrides.keepOnly(
        (pool, name) =>
          pool !== gone?.pool || name !== gone.config.name || this.mayReturn(gone.pool),
      );
      this.bySlot.delete(slot);
      this.options.onForgotten(slot);
      return true;
    });
    this.pools.collect(() => true);
    return freed.length > 0;
  }

  /** Looks at the resolver's answers again. Returns the backends whose addresses changed. */
  refreshEndpoints(): readonly Backend[] {
    const moved: Backend[] = [];
    for (const backend of this.all()) {
      const endpoints = this.options.endpointsOf(backend.pool, backend.config);
      if (Bun.deepEquals(endpoints, backend.endpoints)) continue;
      moved.push(backend);
      backend.endpoints = endpoints;
      this.setBits(backend.slot, endpoints.length === 0 ? UNRESOLVED : 0, UNRESOLVED);
    }
    return moved;
  }

  /** Gives those that start slowly their part of the weight; every second. */
  warm(): void {
    const percents = new Map<number, number>();
    for (const backend of this.bySlot.values()) {
      if (backend.warmingSinceMs === null) continue;
      const share = (performance.now() - backend.warmingSinceMs) / backend.slowStartMs;
      if (share >= 1) backend.warmingSinceMs = null;
      percents.set(backend.slot, share * 100);
    }
    this.options.board.setSlowStart(percents);
  }

  /** The pools that are served, with what they have discovered. */
  get present(): readonly PoolConfig[] {
    return this.config?.pools ?? [];
  }

  /** Rows that no backend has. */
  get freeRows(): number {
    return this.slots.freeRows;
  }

  hasRow(pool: string, name: string): boolean {
    return this.slots.get(identityOf(pool, name)) !== undefined;
  }

  get(slot: number): Backend | undefined {
    return this.bySlot.get(slot);
  }

  /** Those of the config. */
  all(): readonly Backend[] {
    return this.present.flatMap((pool) => this.ofPool(pool));
  }

  /** Null where the config has none of that name. */
  poolNamed(name: string): PoolConfig | null {
    return this.present.find((pool) => pool.name === name) ?? null;
  }

  /** In the order of the config. */
  ofPool(pool: PoolConfig): readonly Backend[] {
    const known = this.found.get(pool);
    if (known !== undefined) return known;
    const backends = pool.backends.flatMap((config) => {
      const slot = this.slots.get(identityOf(pool.name, config.name));
      const backend = slot === undefined ? undefined : this.bySlot.get(slot);
      return backend === undefined ? [] : [backend];
    });
    this.found.set(pool, backends);
    return backends;
  }

  /** Each pool's row on the board and its backends, in the order of the config. */
  rows() {
    return this.present.map((pool) => ({
      name: pool.name,
      rules: servingRules(pool),
      slot: this.pools.take(pool.name).slot,
      backends: this.ofPool(pool),
    }));
  }

  /** Those of a pool that nothing names any more, while they have sessions. */
  leavingOf(pool: string): readonly Backend[] {
    const { board } = this.options;
    return [...this.bySlot.values()].filter(
      (backend) =>
        backend.isLeaving && backend.pool === pool && board.backendSessions(backend.slot) > 0,
    );
  }

  /** Null where the config has none of that name. */
  find(pool: string, name: string): Backend | null {
    const config = this.poolNamed(pool);
    if (config === null) return null;
    return this.ofPool(config).find((backend) => backend.config.name === name) ?? null;
  }

  /** In force at once for drains; a weight reaches the workers with their next generation. */
  override(backend: Backend, override: Override): void {
    const { pool, slot, config } = backend;
    this.options.overrides.set(pool, config.name, override);
    backend.override = override;
    backend.overrideSince = this.options.overrides.since(pool, config.name);
    const draining = isDraining(backend) ? DRAINING : 0;
    this.setBits(slot, draining, DRAINING);
    // A backend that goes on draining may do so for another reason now.
    if (backend.state === "draining") backend.reason = reasonOf(DRAINING, override);
  }

  generationPools(): readonly GenerationPool[] {
    return this.present.map((pool) =>
      generationPool(pool, this.pools.take(pool.name).slot, this.ofPool(pool)),
    );
  }

  probeTargets(isWanted: (pool: PoolConfig) => boolean = () => true): readonly ProbeTarget[] {
    return this.present.filter(isWanted).flatMap((pool) =>
      this.ofPool(pool)
        .filter(({ endpoints }) => endpoints.length > 0 && pool.healthCheck.checks.length > 0)
        .map((backend) => probeTarget(pool, backend)),
    );
  }

  /** Its check failed again, perhaps in another way. */
  failedAgain(slot: number, reason: string): void {
    const backend = this.bySlot.get(slot);
    if (backend?.state === "down" && !backend.isLeaving) backend.reason = reason;
  }

  /** A check has decided. */
  setProbe(slot: number, health: "up" | "down", reason: string | null): void {
    const isUp = health === "up";
    this.setBits(slot, isUp ? PROBE_UP : PROBE_DOWN, isUp ? PROBE_DOWN : PROBE_UP, reason);
  }

  /** The bits may have been changed from elsewhere: a worker ejects, a timer ends it. */
  refresh(slot: number, reason: string | null): void {
    const backend = this.bySlot.get(slot);
    // It drains, whatever its health is: no generation after this one has it.
    if (backend === undefined || backend.isLeaving) return;
    const from = backend.state;
    const bits = this.options.board.healthBits(slot);
    backend.state = backendState(bits);
    if (backend.state === from) return;
    const now = new Date();
    backend.downMs = downMsUntil({ ...backend, state: from }, now);
    backend.since = now;
    const isGiven = reason !== null && (bits & (DRAINING | UNRESOLVED)) === 0;
    const hasReason = backend.state !== "up" && backend.state !== "unknown";
    backend.reason = isGiven && hasReason ? reason : reasonOf(bits, backend.override);
    // Never at the start of the process: only who was seen down comes back.
    if (backend.state === "up" && from === "down") this.beginWarming(backend);
    this.options.onStateChange(backend, from);
  }

  private setBits(slot: number, set: number, clear: number, reason: string | null = null): void {
    this.options.board.changeHealth(slot, set, clear & ~set);
    this.refresh(slot, reason);
  }

  private beginWarming(backend: Backend): void {
    if (backend.slowStartMs === 0) return;
    backend.warmingSinceMs = performance.now();
    this.options.board.setSlowStart(new Map([[backend.slot, 0]]));
  }

  private upsert(poolConfig: PoolConfig, config: BackendConfig): void {
    const { name: pool } = poolConfig;
    const endpoints = this.options.endpointsOf(pool, config);
    const unresolved = endpoints.length === 0 ? UNRESOLVED : 0;
    const override = this.options.overrides.of(pool, config.name);
    const overrideSince = this.options.overrides.since(pool, config.name);
    const bits = unresolved | (isDraining({ config, override }) ? DRAINING : 0);
    const { slot, isNew } = this.slots.take(identityOf(pool, config.name));
    const present = this.bySlot.get(slot);
    if (isNew || present === undefined) {
      this.options.board.resetSlot(slot, bits);
      const parts = { slot, bits, override, overrideSince, endpoints };
      this.bySlot.set(slot, newBackend(poolConfig, config, parts));
      return;
    }
    const wasLeaving = present.isLeaving;
    present.isLeaving = false;
    Object.assign(present, poolSettings(poolConfig, config));
    // The same rule as the prober's, which begins again with other addresses: what was known of its
    // health is about somebody else.
    const isElsewhere = !Bun.deepEquals(endpoints, present.endpoints);
    present.config = config;
    present.endpoints = endpoints;
    if (isElsewhere) {
      this.options.board.clearDialFailures(slot);
      this.options.onForgotten(slot);
    }
    const forgotten = isElsewhere ? PROBE_UP | PROBE_DOWN | EJECTED : 0;
    present.override = override;
    present.overrideSince = overrideSince;
    if ((bits & DRAINING) === 0 || wasLeaving)
      return this.setBits(slot, bits, forgotten | UNRESOLVED | DRAINING);
    this.drains.add(slot);
    this.setBits(slot, unresolved, forgotten | UNRESOLVED);
  }

  /** Do the backends of a pool come and go with what DNS answers? */
  private mayReturn(pool: string): boolean {
    return this.present.some(({ name, discover }) => name === pool && discover !== null);
  }

  // Who asked for it says so in the log. A worker that has the generation before still picks it.
  private leave(backend: Backend): void {
    const now = new Date();
    backend.isLeaving = true;
    backend.downMs = downMsUntil(backend, now);
    backend.state = "draining";
    backend.since = now;
    backend.reason = "it was removed";
  }
}

function identityOf(pool: string, name: string): string {
  return `${pool}\0${name}`;
}

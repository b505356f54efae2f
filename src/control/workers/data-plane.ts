// The control plane's grip on the data plane: board, listening sockets, worker threads, and the
// health of the backends. Takes one config after the other; knows no file, no signal, no CLI.

import type { BackendStatus, Override } from "../../api/admin-api.ts";
import { BalError } from "../../base/errors.ts";
import type { Config } from "../../config/config.ts";
import { Board } from "../../shared/board.ts";
import type { AccessLines, FromWorker, ToSplicer, ToWorker } from "../../shared/worker-messages.ts";
import { Backends, type Knowledge } from "../backends/backends.ts";
import type { OverrideStore } from "../backends/override-store.ts";
import type { EventBus } from "../events/event-bus.ts";
import { EventCounters } from "../events/event-counters.ts";
import { connectionCeiling, workerCount } from "../host/capacity.ts";
import { type Handed, InheritedSockets } from "../listeners/inherited-sockets.ts";
import { ListeningSockets } from "../listeners/listening-sockets.ts";
import type { Log } from "../logs/log.ts";
import type { PlaneFacts } from "../observe/plane-status.ts";
import { WorkerIncidents } from "../observe/problems/worker-incidents.ts";
import { RefusalLog } from "../observe/refusal-log.ts";
import { backendStatus } from "../observe/status.ts";
import { GenerationPlanner } from "./generation-plan.ts";
import { ListenerRows } from "./listener-rows.ts";
import { lostSessionLog } from "./lost-sessions.ts";
import { SessionQueries } from "./session-query.ts";
import { SplicerPool } from "./splicer-pool.ts";
import { trim } from "./trim.ts";
import { splicerPoolEvents, workerPoolEvents } from "./worker-events.ts";
import { type GenerationPlan, WorkerPool } from "./worker-pool.ts";

/** How long a start or a reload waits for new names to resolve, and a start for the first checks as well. */
const RESOLVE_MS = 2000;
/** How long a reload waits for its workers; one that hangs is replaced and boots on the newest. */
const ACKNOWLEDGE_MS = 5000;
/** How long a weight that was changed by hand waits for them: less than a command does. */
const STEER_MS = 2000;
const TICK_MS = 1000;

type DataPlaneParts = {
  readonly log: Log;
  readonly overrides: OverrideStore;
  readonly events: EventBus;
  /** Listening sockets that were open before. */
  readonly handed: readonly Handed[];
  /** The state that another process has learnt. */
  readonly knowledge: Knowledge;
  readonly onAccess: (lines: AccessLines) => void;
};

export class DataPlane {
  readonly workers: number;
  private readonly board: Board;
  private readonly log: Log;
  private readonly inherited: InheritedSockets;
  readonly sockets: ListeningSockets;
  readonly sessionDesk = new SessionQueries({
    ask: (message) => this.tell(message),
    listenerName: (slot) => this.listeners.nameOf(slot),
    backend: (slot) => this.health.backends.get(slot),
  });
  private readonly listeners: ListenerRows;
  private readonly health: Backends;
  private readonly crew: WorkerPool;
  private readonly splicers: SplicerPool;
  private readonly planner = new GenerationPlanner();
  private readonly refusals: RefusalLog;
  private readonly incidents = new WorkerIncidents();
  private readonly tally: EventCounters;
  private readonly onAccess: (lines: AccessLines) => void;
  private config: Config;
  private pendingApplies = 0;
  private isDraining = false;
  /** The orders that the workers could not carry out; they are tried again every second. */
  private trouble: string | null = null;
  /** Connections that may be open at a time. */
  private ceiling = 0;
  private tick: Timer | null = null;

  constructor(config: Config, parts: DataPlaneParts) {
    const { log, overrides, events, handed, knowledge, onAccess } = parts;
    this.config = config;
    this.log = log;
    this.onAccess = onAccess;
    this.tally = new EventCounters(events);
    this.workers = workerCount(config);
    this.board = new Board(this.workers);
    this.listeners = new ListenerRows(this.board);
    this.inherited = new InheritedSockets(handed, log);
    this.sockets = new ListeningSockets(this.workers, this.inherited);
    this.refusals = new RefusalLog(this.board, log);
    this.health = new Backends(
      { board: this.board, log, overrides, events, knowledge },
      {
        onEndpointsChange: () => void this.apply(),
        onClose: (slot) => this.tell({ kind: "close-backend", slot }),
      },
    );
    const onAbandon = lostSessionLog({
      board: this.board,
      config: () => this.config.log.access,
      nameOf: (listener) => this.listeners.nameOf(listener) || null,
      post: onAccess,
    });
    this.splicers = new SplicerPool({
      ...{ board: this.board, onAbandon },
      onAnswer: (answer) => this.sessionDesk.answered(answer),
      onAccess,
      ...splicerPoolEvents(log, this.incidents, () => void this.apply()),
    });
    this.crew = new WorkerPool({
      board: this.board,
      count: this.workers,
      assignSockets: ({ address }, workers) => this.sockets.assignSockets(address, workers),
      events: {
        onAbandon,
        onMessage: (worker, message) => this.receive(worker, message),
        onApplied: (errors) => this.applied(errors),
        ...workerPoolEvents(log, events, this.incidents),
      },
    });
  }

  get sessions(): number {
    return this.board.sessions();
  }

  /** Is there a worker that answers? The others are replaced. */
  get isServing(): boolean {
    return this.crew.isServing;
  }

  /** Resolves when every listener accepts and the first checks have answered. Throws BalError. */
  async start(): Promise<void> {
    const { config } = this;
    const booted = this.crew.start();
    // Where a socket fails first, the threads that are ended with it are not what went wrong.
    booted.catch(() => {});
    await this.health.resolve(config, RESOLVE_MS);
    if (this.isDraining) return;
    this.sockets.openAll(config.listeners);
    this.sockets.tune(config.listeners);
    this.inherited.closeRest();
    await booted;
    await this.serve(config);
    this.tick = setInterval(() => this.everySecond(), TICK_MS);
    await this.health.pools.firstAnswers(RESOLVE_MS);
  }

  /** Serves another config, or throws BalError with nothing changed. Returns what of it a worker could
   *  not do yet, in words. */
  async applyConfig(next: Config): Promise<string | null> {
    if (this.pendingApplies === 0) this.collect();
    // Discovered backends may have the rows that it needs.
    if (this.health.makeRoomFor(next)) {
      await this.apply();
      if (this.pendingApplies === 0) this.collect();
    }
    if (!this.health.backends.hasRoomFor(next) || !this.listeners.hasRoomFor(next)) {
      throw new BalError("no-room", "too many removed backends and listeners are still draining", {
        hint: "reload again when some of their connections have ended",
      });
    }
    await this.health.resolve(next, RESOLVE_MS);
    try {
      if (this.isDraining) throw new BalError("draining", "bal is draining");
      this.sockets.openAll(next.listeners);
    } catch (error) {
      this.health.setNames(this.config);
      throw error;
    }
    // Ours first: the worker's, right after its last accept, is then the one that really closes.
    this.sockets.keepOnly(next.listeners);
    this.sockets.tune(next.listeners);
    return this.serve(next);
  }

  /** Accepts no more clients; sessions live on. */
  drain(): void {
    this.isDraining = true;
    this.crew.stop();
    this.health.retire();
    this.sockets.keepOnly([]);
    this.crew.broadcast({ kind: "drain" });
  }

  /** After `drain`: gives back what the sessions that are left do not need. */
  trim(): Promise<void> {
    const { board, crew, splicers, sessionDesk } = this;
    return trim({ board, crew, splicers, sessionDesk });
  }

  knowledge(): Knowledge {
    return this.health.knowledge();
  }

  /** Resets every session that is left. */
  forceClose(): void {
    this.tell({ kind: "cut" });
  }

  /** Every thread sends what it has of the access log. */
  async flushAccess(): Promise<void> {
    if (this.config.log.access.mode !== "off") await this.sessionDesk.flushAccess();
  }

  end(): void {
    if (this.tick !== null) clearInterval(this.tick);
    this.crew.terminate();
    this.splicers.terminate();
    this.sockets.keepOnly([]);
  }

  /** Takes an operator's change of a backend, or with null all of them back. Resolves with what the backend
   *  is then, when every worker that is well knows; null: the config has no such one. */
  async override(
    pool: string,
    name: string,
    change: Override | null,
  ): Promise<BackendStatus | null> {
    const backend = this.health.backends.find(pool, name);
    if (backend === null) return null;
    const isWeightChanged = this.health.override(backend, change);
    // One that hangs is replaced, and boots on the newest: nobody waits for it.
    if (isWeightChanged) await Promise.race([this.apply(), Bun.sleep(STEER_MS)]);
    return backendStatus(backend, this.board);
  }

  /** The facts that status and metrics are made of. */
  facts(): PlaneFacts {
    const { board, tally, workers, config, health, ceiling, trouble, refusals, incidents } = this;
    const [listeners, pools] = [this.listeners.of(config), health.backends.rows()];
    return {
      ...{ board, tally, workers, config, health, ceiling, trouble, listeners, pools },
      refused: () => refusals.found(listeners, performance.now()),
      lost: () => incidents.found(),
    };
  }

  /** With the same config: what a worker could not do is tried again, and this host may allow more or less
   *  than at the last reload. Returns what a worker still can't do, in words. */
  async refresh(): Promise<string | null> {
    const { config, health, workers, trouble, pendingApplies } = this;
    const pools = health.backends.present;
    const isSame = connectionCeiling({ ...config, pools }, workers) === this.ceiling;
    return isSame && trouble === null && pendingApplies === 0 ? null : this.acknowledged();
  }

  private async serve(config: Config): Promise<string | null> {
    this.listeners.retire(this.config, config);
    this.config = config;
    this.health.applyConfig(config);
    const trouble = await this.acknowledged();
    this.health.onApplied();
    if (trouble !== null) this.log.error("apply-failed", `${trouble}; bal tries again`);
    return trouble;
  }

  private acknowledged(): Promise<string | null> {
    const late = Bun.sleep(ACKNOWLEDGE_MS).then(() => "a worker has not applied the config yet");
    return Promise.race([this.apply(), late]);
  }

  /** Gives the workers what is in force. Returns what went wrong. */
  private async apply(): Promise<string | null> {
    // A worker that has stopped accepting is not told to begin again.
    if (this.isDraining) return null;
    this.pendingApplies++;
    try {
      const plan = this.plan();
      this.ceiling = plan.maxConnections;
      this.splicers.planAccess(plan.access);
      await this.crew.apply(plan);
      return this.trouble;
    } finally {
      this.pendingApplies--;
      if (this.pendingApplies === 0) this.health.onApplied();
    }
  }

  private applied(errors: readonly string[]): void {
    const hadTrouble = this.trouble !== null;
    this.trouble = errors.length === 0 ? null : errors.join("; ");
    if (hadTrouble && this.trouble === null)
      this.log.info("applied", "every worker has applied the whole config");
  }

  private plan(): GenerationPlan {
    const { config, workers, health } = this;
    return this.planner.plan(config, {
      workers,
      canSplice: !this.splicers.isPaused,
      slotOf: (listener) => this.listeners.take(listener.name),
      present: health.backends.present,
      pools: health.backends.generationPools(),
    });
  }

  private receive(worker: number, message: FromWorker): void {
    switch (message.kind) {
      case "ejected":
        return this.health.ejected(message.slot, message.error);
      case "local-error":
        return this.health.localError(message.slot, message.error);
      case "bad-preread":
        return this.refusals.preread(message, this.listeners.nameOf(message.listener));
      case "fault":
        return this.log.error("fault", `an internal fault in worker ${worker}: ${message.message}`);
      case "promoted":
        return this.splicers.take(worker, message.session);
      case "access":
        return this.onAccess(message);
      case "sessions":
      case "session-killed":
      case "access-flushed":
        return this.sessionDesk.answered(message);
      case "ready":
      case "applied":
        return;
      default:
        return message satisfies never;
    }
  }

  /** Every thread. Returns how many there are. */
  private tell(message: ToWorker & ToSplicer): number {
    return this.crew.broadcast(message) + this.splicers.broadcast(message);
  }

  private everySecond(): void {
    this.refusals.tick(this.listeners.of(this.config));
    this.health.tick();
    if (this.pendingApplies > 0) return;
    this.collect();
    if (this.trouble !== null) void this.apply();
  }

  // Only while every worker has acknowledged: one that has not may still count on a row.
  private collect(): void {
    this.health.collect();
    this.listeners.collect();
  }
}

// The phases of the process, and the one place that owns all of control/:
// starting → running → draining → stopped.
import { closeSync } from "node:fs";
import type { ApiError, ReloadOutcome, ReloadSource } from "../../api/admin-api.ts";
import { UPGRADE_MS } from "../../api/admin-api.ts";
import { SerialQueue } from "../../base/serial-queue.ts";
import { formatDuration } from "../../base/units.ts";
import type { Config } from "../../config/config.ts";
import type { Diagnostic } from "../../config/diagnostics.ts";
import { trimMemoryLater } from "../../os/memory.ts";
import type { ControlApi } from "../admin/control-api.ts";
import { AdminServer } from "../admin/server.ts";
import { withToken } from "../admin/token.ts";
import { NO_KNOWLEDGE } from "../backends/backends.ts";
import { OverrideStore } from "../backends/override-store.ts";
import { EventBus } from "../events/event-bus.ts";
import { withCheckFiles } from "../health/check-files.ts";
import { claimHome, type OwnHome } from "../host/home.ts";
import { ServiceManager } from "../host/systemd.ts";
import type { Handed } from "../listeners/inherited-sockets.ts";
import type { Log } from "../logs/log.ts";
import type { Logs } from "../logs/logs.ts";
import { ReloadQueue } from "../reload/reload-queue.ts";
import type { NewProcess } from "../upgrade/new-process.ts";
import { type OldProcess, OldProcesses } from "../upgrade/old-process.ts";
import type { StartCommand } from "../upgrade/upgrade.ts";
import { UpgradeController } from "../upgrade/upgrade-controller.ts";
import { DataPlane } from "../workers/data-plane.ts";
import { Overview } from "./overview.ts";
import { trimAsSessionsEnd } from "./retirement.ts";
import { drain } from "./shutdown.ts";
import { onSignals } from "./signals.ts";
import { logHost, logStarted, logWarnings, type Version } from "./startup-log.ts";

type ServeOptions = {
  readonly config: Config;
  readonly warnings: readonly Diagnostic[];
  /** Absolute path; null when it did not come from a file: then nothing reloads it. */
  readonly file: string | null;
  /** The state of the file just before it was read. */
  readonly fingerprint: string | null;
  /** Its lock is held. Null when it can't be written: then only signals are answered. */
  readonly home: OwnHome | null;
  readonly logs: Logs;
  readonly version: Version;
  /** Listening sockets that were open before. */
  readonly handed: readonly Handed[];
  /** The process whose place this one takes; null: none. */
  readonly predecessor: OldProcess | null;
  /** The command that starts a process that can take this one's place; null: there is none. */
  readonly command: StartCommand | null;
  /** Every listener accepts; their addresses. */
  readonly onReady: (addresses: readonly string[]) => void;
};

/** How long clients of the admin API have before they are sent to the process that serves. */
const LISTENERS_MS = 1000;

/** Retired: another process serves, sessions live on here. */
type Phase = "starting" | "running" | "retired" | "draining" | "stopped";

/** Runs bal until it has drained. Resolves with the exit code. Rejects with BalError when it can't start. */
export async function serve(options: ServeOptions): Promise<number> {
  const complete = withToken(options.config, options.file, options.logs.log);
  const config = withCheckFiles(complete, options.file);
  const supervisor = new Supervisor({ ...options, config });
  return supervisor.run();
}

class Supervisor {
  private readonly options: ServeOptions;
  private readonly log: Log;
  private readonly dataPlane: DataPlane;
  private readonly reloads: ReloadQueue;
  private readonly succession: UpgradeController;
  private readonly predecessors: OldProcesses;
  private readonly events = new EventBus();
  private readonly manager: ServiceManager;
  private readonly startedAt = new Date();
  private readonly queue = new SerialQueue();
  private readonly stopped = Promise.withResolvers<number>();
  private phase: Phase = "starting";
  private readonly started = Promise.withResolvers<void>();
  private readonly admin: AdminServer;
  private readonly overview: Overview;
  private readonly overrides: OverrideStore;
  /** An operator will not wait for the drain. */
  private readonly cut = Promise.withResolvers<void>();

  /** For a process that was replaced: when its sessions are ended, and whether it was ordered to end. */
  private limit: Timer | null = null;
  private isToldToEnd = false;
  private mayEnd: Promise<void> = Promise.resolve();

  constructor(options: ServeOptions) {
    const { config, logs, handed, predecessor, file, fingerprint, home, command } = options;
    const { log } = logs;
    this.options = options;
    this.log = log;
    const overrides = new OverrideStore(home?.state ?? null, log);
    const knowledge = predecessor?.knowledge ?? NO_KNOWLEDGE;
    const { events, queue, startedAt } = this;
    const onAccess = logs.take;
    const parts = { log, overrides, events, handed, knowledge, onAccess };
    const dataPlane = new DataPlane(config, parts);
    const admin = new AdminServer(this.api, { log, events });
    const manager = new ServiceManager(log);
    this.overrides = overrides;
    const predecessors = new OldProcesses(predecessor?.channels ?? []);
    this.dataPlane = dataPlane;
    this.admin = admin;
    this.manager = manager;
    this.predecessors = predecessors;
    const common = { log, dataPlane, admin, queue, started: this.started.promise };
    const refusal = () => this.refusal();
    this.reloads = new ReloadQueue({
      ...{ ...common, logs, config, startedAt, file, fingerprint, events, refusal },
      onBegin: () => manager.reloading(),
      onApplied: (next) => this.applied(next),
      onEnd: () => this.notifyReady(),
    });
    this.succession = new UpgradeController({
      ...{ ...common, home, manager, predecessors, command, refusal },
      config: () => this.reloads.inForce.config,
      onReload: (by) => void this.reload(by),
      onReplaced: (successor, informed) => this.retire(successor, informed),
    });
    const { reloads } = this;
    const { version } = options;
    const phase = () => (this.isDraining ? "draining" : "running");
    this.overview = new Overview({
      ...{ version, file, startedAt, phase, dataPlane, reloads, admin, overrides, logs },
    });
  }

  async run(): Promise<number> {
    const { options, dataPlane, log } = this;
    const { file, config } = options;
    // A fault of the control plane's must not end the connections of the data plane.
    for (const event of ["uncaughtException", "unhandledRejection"] as const) {
      process.on(event, (error: unknown) => log.error("fault", describeFault(error)));
    }
    const signals = onSignals({
      reload: () => void this.reload("signal"),
      stop: () => void this.stop(false),
      reopenLogs: () => this.reopenLogs(),
      upgrade: () => void this.succession.request({ binary: null, withinMs: UPGRADE_MS }),
    });
    try {
      logWarnings(log, options.warnings);
      logHost(log, config, dataPlane.workers);
      // A signal may end it before it has begun.
      await Promise.race([this.begin(), this.stopped.promise]);
      if (this.phase !== "starting") return await this.stopped.promise;
    } catch (error) {
      dataPlane.end();
      await this.admin.stop();
      signals[Symbol.dispose]();
      throw error;
    }
    this.phase = "running";
    this.started.resolve();
    this.reloads.watch(config);
    this.overview.keep();
    const { listeners } = this.overview.status();
    logStarted(log, { listeners, workers: dataPlane.workers, file, version: options.version });
    this.notifyReady();
    this.manager.watch(() => dataPlane.isServing);
    trimMemoryLater();
    options.onReady(listeners.map(({ address }) => address));
    return this.stopped.promise;
  }

  private async begin(): Promise<void> {
    const { config, home, predecessor, version } = this.options;
    const open = () => {
      if (home !== null) this.admin.serveSocket(home.socket);
      this.admin.move(config.admin).commit();
    };
    // First of all: a client that sees a port accept finds the socket, and is answered once bal serves.
    if (predecessor === null) open();
    await this.dataPlane.start();
    if (this.phase !== "starting" || predecessor === null) return;
    await predecessor.replace(version, () => {
      if (home !== null) claimHome(home);
      open();
    });
    this.dataPlane.sockets.takeFiles(config.listeners);
  }

  private get isDraining(): boolean {
    return this.phase === "draining" || this.phase === "retired";
  }

  private readonly api: ControlApi = {
    status: () => this.overview.status(),
    config: () => this.overview.config(),
    metrics: () => this.overview.metrics(),
    sessions: (sort, limit) => this.dataPlane.sessionDesk.list(sort, limit),
    killSession: (id) => this.dataPlane.sessionDesk.kill(id),
    history: (last) => this.overview.history(last),
    reload: (by) => this.reload(by),
    preview: (source) => this.reloads.preview(source),
    upgrade: (request) => this.succession.request(request),
    override: (pool, backend, change) => this.override(pool, backend, change),
    stop: (now) => this.stop(now),
    isReady: () => this.phase === "running",
    started: this.started.promise,
  };

  private reload(by: ReloadSource): Promise<ReloadOutcome> {
    this.succession.remember(by);
    return this.reloads.request(by);
  }

  /** Why it takes no other config; null: it does. */
  private refusal(): ApiError | null {
    const error = this.succession.refusal();
    if (error !== null) return error;
    if (this.phase === "starting" || this.phase === "running") return null;
    return { code: "draining", message: "bal is draining and accepts no other config" };
  }

  private applied(config: Config): void {
    logHost(this.log, config, this.dataPlane.workers);
    this.reloads.watch(config);
    trimMemoryLater();
  }

  /** The first call drains, a second one (or `now`) ends what is left at once. */
  private stop(now: boolean): { active: number } {
    const active = this.dataPlane.sessions;
    if (now || this.phase === "draining") this.cut.resolve();
    this.succession.abandon();
    if (this.phase === "retired") {
      // The one that serves may have said so as well: that does not count as a second time.
      if (now || this.isToldToEnd) this.cut.resolve();
      this.isToldToEnd = true;
      this.limitDrain();
    }
    if (this.phase !== "running" && this.phase !== "starting") return { active };
    const { drainDelayMs, shutdownMs } = this.reloads.inForce.config.timeouts;
    // One that never served has nobody to tell.
    const delayMs = this.phase === "running" ? drainDelayMs : 0;
    this.phase = "draining";
    this.events.emit("shutdown", { from: "running", to: "draining" });
    this.manager.stopping(delayMs + shutdownMs);
    this.reloads.close();
    this.started.resolve();
    // Not behind a reload that is under way: it gives up when it sees the drain.
    void this.drain(delayMs, shutdownMs);
    return { active };
  }

  /** Another process serves: this one ends with its last session. */
  private retire(successor: NewProcess, informed: Promise<void>): void {
    const { home } = this.options;
    const { sessions, sockets } = this.dataPlane;
    sockets.leaveFiles();
    const { pid } = successor;
    const left = sessions === 1 ? "1 connection stays" : `${sessions} connections stay`;
    this.log.info("upgraded", `pid ${pid} now serves new clients; ${left} in this process`, {
      pid,
      active: sessions,
    });
    successor.release();
    const words = {
      drain: () => this.limitDrain(),
      cut: () => this.cut.resolve(),
      "reopen-logs": () => this.reopenLogs(),
    };
    void successor.listen((word) => words[word]());
    this.predecessors.release();
    this.mayEnd = informed;
    // The lock is the other one's, and free when that one ends.
    if (home !== null) closeSync(home.lockFd);
    // It was told to stop in that very moment, and drains already.
    if (this.phase !== "running") return;
    this.phase = "retired";
    this.reloads.close();
    // The upgrade itself is answered; who only listens is to come to the other one.
    setTimeout(() => void this.giveBack(), LISTENERS_MS).unref();
    void this.drain(0, null);
  }

  private async giveBack(): Promise<void> {
    this.overview.stop();
    await this.admin.stop();
    trimAsSessionsEnd(this.dataPlane);
  }

  /** The sessions of a process that was replaced may take as long as those of one that is stopped. */
  private limitDrain(): void {
    if (this.limit !== null) return;
    const { shutdownMs } = this.reloads.inForce.config.timeouts;
    this.limit = setTimeout(() => this.cut.resolve(), shutdownMs);
    this.log.info("draining", `draining: at most ${formatDuration(shutdownMs)} from now on`);
  }

  private reopenLogs(): void {
    this.options.logs.reopen();
    this.predecessors.tell("reopen-logs");
  }

  private async drain(delayMs: number, shutdownMs: number | null): Promise<void> {
    const { dataPlane, predecessors, log } = this;
    const cutNow = this.cut.promise;
    try {
      await drain({ dataPlane, log, delayMs, shutdownMs, predecessors, cutNow });
      await Promise.race([this.mayEnd, cutNow]);
      this.phase = "stopped";
      await dataPlane.flushAccess();
      dataPlane.end();
      await this.admin.stop();
      this.stopped.resolve(0);
    } catch (error) {
      log.error("fault", describeFault(error));
      this.stopped.resolve(1);
    }
  }

  private async override(
    ...[pool, backend, change]: Parameters<ControlApi["override"]>
  ): ReturnType<ControlApi["override"]> {
    const error = this.succession.refusal();
    if (error !== null) return { kind: "refused", error };
    const status = await this.dataPlane.override(pool, backend, change);
    const unsaved = this.overrides.unsaved?.message;
    if (status === null) return { kind: "unknown" };
    return { kind: "done", backend: { ...status, ...(unsaved !== undefined && { unsaved }) } };
  }

  private notifyReady(): void {
    if (this.phase !== "running") return;
    const { config, generation } = this.reloads.inForce;
    const backends = config.pools.reduce((sum, pool) => sum + pool.backends.length, 0);
    // For `systemctl status`.
    const what = `${config.listeners.length} listener(s), ${backends} backend(s)`;
    this.manager.ready(`generation ${generation}: ${what}`);
  }
}

function describeFault(error: unknown): string {
  return `an internal fault: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

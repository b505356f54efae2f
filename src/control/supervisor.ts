// The phases of the process, and the one place that owns all of control/:
// starting → running → draining → stopped.
import { asWritten } from "../config/as-written.ts";
import type { Config, LogLevel } from "../config/config.ts";
import type { Diagnostic } from "../config/diagnostics.ts";
import { describeChange } from "../config/diff.ts";
import type {
  ApiError,
  ControlApi,
  PreviewOutcome,
  ReloadOutcome,
  ReloadSource,
  Status,
} from "./admin/api.ts";
import { AdminServer } from "./admin/server.ts";
import { withToken } from "./admin/token.ts";
import { DataPlane } from "./data-plane.ts";
import { drain } from "./drain.ts";
import { Events } from "./events.ts";
import { HistoryRing, SAMPLE_MS } from "./history.ts";
import type { Home } from "./home.ts";
import type { Handed } from "./inherited-sockets.ts";
import { hostWarnings } from "./limits.ts";
import type { LogSink } from "./log.ts";
import { Overrides } from "./overrides.ts";
import { type InForce, preview, reload } from "./reload.ts";
import { SerialQueue } from "./serial-queue.ts";
import { ServiceManager } from "./service-manager.ts";
import { onSignals } from "./signals.ts";
import { type ConfigWatcher, fingerprintOf, isSpecialFile, watchConfig } from "./watcher.ts";

export type Version = { readonly version: string; readonly commit: string };

export type ServeOptions = {
  readonly config: Config;
  readonly warnings: readonly Diagnostic[];
  /** Absolute path; null when it did not come from a file: then nothing reloads it. */
  readonly file: string | null;
  /** What the file looked like just before it was read. */
  readonly fingerprint: string | null;
  /** Its lock is held. Null when it can't be written: then only signals are answered. */
  readonly home: Home | null;
  readonly log: LogSink;
  /** Over what any config says. */
  readonly logLevel: LogLevel | undefined;
  readonly version: Version;
  /** Listening sockets that were open before. */
  readonly handed: readonly Handed[];
  /** Every listener accepts; their addresses. */
  readonly onReady: (addresses: readonly string[]) => void;
};

type Phase = "starting" | "running" | "draining" | "stopped";

/** Runs bal until it has drained. Resolves with the exit code. Rejects with BalError when it can't start. */
export async function serve(options: ServeOptions): Promise<number> {
  const config = withToken(options.config, options.file, options.log);
  const supervisor = new Supervisor({ ...options, config });
  return supervisor.run();
}

class Supervisor {
  private readonly options: ServeOptions;
  private readonly dataPlane: DataPlane;
  private readonly inForce: InForce;
  private readonly events = new Events();
  private readonly manager: ServiceManager;
  private readonly startedAt = new Date();
  private readonly startedAtMs = performance.now();
  private readonly history = new HistoryRing(this.startedAtMs);
  private readonly queue = new SerialQueue();
  private readonly stopped = Promise.withResolvers<number>();
  private phase: Phase = "starting";
  private readonly started = Promise.withResolvers<void>();
  /** What the file looked like when it was last loaded. */
  private fingerprint: string | null;
  /** The reload that waits for the one under way. */
  private waiting: Promise<ReloadOutcome> | null = null;
  private watcher: ConfigWatcher | null = null;
  private readonly admin: AdminServer;
  /** An operator will not wait for the drain. */
  private readonly cut = Promise.withResolvers<void>();

  constructor(options: ServeOptions) {
    const { config, log, handed } = options;
    this.options = options;
    this.fingerprint = options.fingerprint;
    const overrides = new Overrides(options.home?.state ?? null, log);
    const { events } = this;
    this.dataPlane = new DataPlane(config, { log, overrides, events, handed });
    this.admin = new AdminServer(this.api, { log, events });
    this.manager = new ServiceManager(log);
    const kept = { listeners: 0, backends: 0 };
    const first = { generation: 1, loadedAt: this.startedAt, by: "start", changes: [] } as const;
    this.inForce = { config, kept, ...first };
  }

  async run(): Promise<number> {
    const { options, dataPlane } = this;
    const { log, home, file, config } = options;
    // A fault of the control plane's must not end the connections of the data plane.
    for (const event of ["uncaughtException", "unhandledRejection"] as const) {
      process.on(event, (error: unknown) => log.error("fault", describeFault(error)));
    }
    const signals = onSignals({
      reload: () => void this.reload("signal"),
      stop: () => void this.stop(false),
      reopenLogs: () => log.reopen(),
    });
    try {
      this.announce();
      // A signal may end it before it has begun.
      await Promise.race([dataPlane.start(), this.stopped.promise]);
      if (this.phase !== "starting") return await this.stopped.promise;
      if (home !== null) this.admin.serveSocket(home.socket);
      this.admin.move(config.admin).commit();
    } catch (error) {
      dataPlane.end();
      await this.admin.stop();
      signals[Symbol.dispose]();
      throw error;
    }
    this.phase = "running";
    this.started.resolve();
    this.watch(config);
    setInterval(() => this.sample(), SAMPLE_MS).unref();
    const listeners = dataPlane.listenerStatus();
    for (const { name, address, pool } of listeners) {
      log.info("listening", `${name} listens on ${address} for ${pool}`, {
        listener: name,
        address,
        pool,
      });
    }
    log.info("started", this.startMessage(), {
      pid: process.pid,
      file,
      workers: dataPlane.workers,
    });
    this.manager.ready(this.statusLine());
    this.manager.watch(() => dataPlane.isServing);
    options.onReady(listeners.map(({ address }) => address));
    return this.stopped.promise;
  }

  private readonly api: ControlApi = {
    status: () => this.status(),
    config: () => ({ ...this.configStatus(), config: asWritten(this.inForce.config) }),
    history: (last) => this.history.read(last),
    reload: (by) => this.reload(by),
    preview: () => this.preview(),
    override: (pool, backend, change) => this.dataPlane.override(pool, backend, change),
    stop: (now) => this.stop(now),
    isReady: () => this.phase === "running",
  };

  // One reload runs, at most one waits, later callers share that one.
  private reload(by: ReloadSource): Promise<ReloadOutcome> {
    // Not behind the drain in the queue: who asks is told now.
    if (this.phase === "draining") return this.reloadNow(by);
    if (this.waiting !== null) return this.waiting;
    const outcome = this.queue.run(async () => {
      await this.started.promise;
      this.waiting = null;
      return this.reloadNow(by);
    });
    this.waiting = outcome;
    return outcome;
  }

  private async reloadNow(by: ReloadSource): Promise<ReloadOutcome> {
    const { log } = this.options;
    const file = this.reloadable();
    if (typeof file !== "string") {
      log.warn("reload-refused", file.message, { code: file.code });
      return { kind: "refused", error: file };
    }
    this.fingerprint = fingerprintOf(file);
    this.watcher?.markLoaded(this.fingerprint);
    const { inForce, dataPlane, admin } = this;
    const onApplied = (config: Config) => this.applied(config);
    const from = inForce.generation;
    this.manager.reloading();
    try {
      const outcome = await reload({ file, inForce, dataPlane, admin, log, onApplied }, by);
      this.tellReload(from, outcome);
      return outcome;
    } finally {
      if (this.phase === "running") this.manager.ready(this.statusLine());
    }
  }

  private tellReload(from: number, outcome: ReloadOutcome): void {
    const { generation, changes } = this.inForce;
    if (generation !== from) {
      const reason = changes.map(describeChange).join("; ");
      this.events.emit("reload", { from, to: generation, reason });
    }
    if (outcome.kind === "failed") {
      this.events.emit("reload-failed", { from, to: generation, reason: outcome.error.message });
    }
  }

  private async preview(): Promise<PreviewOutcome> {
    const file = this.reloadable();
    if (typeof file !== "string") return { kind: "refused", error: file };
    return preview(file, this.inForce, this.options.log);
  }

  /** The file that a reload reads, or why there is none. */
  private reloadable(): string | ApiError {
    const { file } = this.options;
    if (this.phase !== "running")
      return { code: "draining", message: "bal is draining and takes no other config" };
    if (file === null) return { code: "no-file", message: "this bal was not started from a file" };
    if (!isSpecialFile(file)) return file;
    const message = `${file} is no regular file: it was read once, at the start`;
    return { code: "not-a-file", message };
  }

  private applied(config: Config): void {
    const { log, logLevel } = this.options;
    log.reconfigure(logLevel === undefined ? config.log : { ...config.log, level: logLevel });
    this.warnOfHost(config);
    this.watch(config);
  }

  /** The first call drains, a second one (or `now`) ends what is left at once. */
  private stop(now: boolean): { active: number } {
    const active = this.dataPlane.sessions;
    if (now || this.phase === "draining") this.cut.resolve();
    if (this.phase !== "running" && this.phase !== "starting") return { active };
    // One that never served has nobody to tell.
    const delayMs = this.phase === "running" ? this.inForce.config.timeouts.drainDelayMs : 0;
    this.phase = "draining";
    this.events.emit("shutdown", { from: "running", to: "draining" });
    this.manager.stopping(delayMs + this.inForce.config.timeouts.shutdownMs);
    this.watcher?.close();
    this.started.resolve();
    // Not behind a reload that is under way: it gives up when it sees the drain.
    this.drain(delayMs).catch((error: unknown) => {
      this.options.log.error("fault", describeFault(error));
      this.stopped.resolve(1);
    });
    return { active };
  }

  private async drain(delayMs: number): Promise<void> {
    const { dataPlane, inForce, options } = this;
    const { shutdownMs } = inForce.config.timeouts;
    await drain({ dataPlane, log: options.log, delayMs, shutdownMs, cutNow: this.cut.promise });
    this.phase = "stopped";
    dataPlane.end();
    await this.admin.stop();
    this.stopped.resolve(0);
  }

  private status(): Status {
    const { options, dataPlane } = this;
    return {
      pid: process.pid,
      version: options.version.version,
      commit: options.version.commit,
      started_at: this.startedAt.toISOString(),
      uptime_s: Math.floor((performance.now() - this.startedAtMs) / 1000),
      phase: this.phase === "draining" ? "draining" : "running",
      workers: dataPlane.workers,
      config: this.configStatus(),
      listeners: dataPlane.listenerStatus(),
      pools: dataPlane.poolStatus(),
    };
  }

  private sample(): void {
    const { dataPlane } = this;
    const now = { ms: performance.now(), epochMs: Date.now() };
    const pools = dataPlane.poolStatus();
    this.history.sample(now, { listeners: dataPlane.listenerStatus(), pools });
  }

  private configStatus(): Status["config"] {
    const { generation, loadedAt } = this.inForce;
    return { file: this.options.file, generation, loaded_at: loadedAt.toISOString() };
  }

  private watch(config: Config): void {
    const { file } = this.options;
    if (!config.watch || file === null) {
      this.watcher?.close();
      this.watcher = null;
    } else {
      const { fingerprint } = this;
      this.watcher ??= watchConfig(file, () => void this.reload("watcher"), { fingerprint });
    }
  }

  private announce(): void {
    for (const { message, file, line, column } of this.options.warnings) {
      this.options.log.warn("config-warning", `${file}:${line}:${column}: ${message}`);
    }
    this.warnOfHost(this.options.config);
  }

  private warnOfHost(config: Config): void {
    for (const warning of hostWarnings(config, this.dataPlane.workers)) {
      this.options.log.warn("host", warning);
    }
  }

  /** For `systemctl status`. */
  private statusLine(): string {
    const { config, generation } = this.inForce;
    const backends = config.pools.reduce((sum, pool) => sum + pool.backends.length, 0);
    return `generation ${generation}: ${config.listeners.length} listener(s), ${backends} backend(s)`;
  }

  private startMessage(): string {
    const { version, commit } = this.options.version;
    const workers = this.dataPlane.workers === 1 ? "1 worker" : `${this.dataPlane.workers} workers`;
    return `bal ${version} (${commit}) serves with ${workers}, pid ${process.pid}`;
  }
}

function describeFault(error: unknown): string {
  return `a fault: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

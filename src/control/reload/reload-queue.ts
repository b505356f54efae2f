// Who may ask for a reload, and when it is done: signals, the watcher, the admin API. One runs, at most
// one waits, later callers share that one. Owns the config in force.

import type {
  ApiError,
  LastReload,
  PreviewOutcome,
  ReloadOutcome,
  ReloadSource,
} from "../../api/admin-api.ts";
import type { SerialQueue } from "../../base/serial-queue.ts";
import { describeChange } from "../../config/change.ts";
import type { Config } from "../../config/config.ts";
import { describeDiagnostic } from "../../config/diagnostics.ts";
import type { ConfigSource } from "../admin/control-api.ts";
import type { AdminServer } from "../admin/server.ts";
import type { EventBus } from "../events/event-bus.ts";
import type { Log } from "../logs/log.ts";
import type { Logs } from "../logs/logs.ts";
import type { DataPlane } from "../workers/data-plane.ts";
import { type ConfigWatcher, fingerprintOf, isSpecialFile, watchConfig } from "./config-watcher.ts";
import { type InForce, preview, previewSource, reload } from "./reload.ts";

type ReloadQueueParts = {
  readonly config: Config;
  readonly startedAt: Date;
  /** Null: nothing reloads it. */
  readonly file: string | null;
  /** The state of the file when it was last loaded. */
  readonly fingerprint: string | null;
  readonly log: Log;
  readonly logs: Logs;
  readonly events: EventBus;
  readonly dataPlane: DataPlane;
  readonly admin: AdminServer;
  /** Whatever changes the whole process waits its turn. */
  readonly queue: SerialQueue;
  /** The first config is in force. */
  readonly started: Promise<void>;
  /** Why the process takes no other config now; null: it does. */
  readonly refusal: () => ApiError | null;
  readonly onBegin: () => void;
  readonly onApplied: (config: Config) => void;
  readonly onEnd: () => void;
};

const MOUNT_HINT =
  "mount its folder instead, or write to the file in place; a restart reads the new one";

export class ReloadQueue {
  readonly inForce: InForce;
  /** Null: there was none. */
  last: LastReload | null = null;
  /** When a config was last taken, the start included, whether or not it changed anything. */
  lastTakenAt: Date;
  private readonly parts: ReloadQueueParts;
  private fingerprint: string | null;
  /** The reload that waits for the one under way. */
  private waiting: Promise<ReloadOutcome> | null = null;
  private watcher: ConfigWatcher | null = null;

  constructor(parts: ReloadQueueParts) {
    const { config, startedAt: loadedAt, fingerprint } = parts;
    this.parts = parts;
    this.fingerprint = fingerprint;
    this.lastTakenAt = loadedAt;
    const kept = { listeners: 0, backends: 0 };
    this.inForce = { config, kept, generation: 1, loadedAt, by: "start", changes: [] };
  }

  request(by: ReloadSource): Promise<ReloadOutcome> {
    const { queue, started, refusal } = this.parts;
    // Not behind the drain in the queue: the caller gets its answer now.
    if (refusal() !== null) return this.reload(by);
    if (this.waiting !== null) return this.waiting;
    const outcome = queue.run(async () => {
      await started;
      this.waiting = null;
      return this.reload(by);
    });
    this.waiting = outcome;
    return outcome;
  }

  /** The changes that a reload would make. */
  async preview(source: ConfigSource | null): Promise<PreviewOutcome> {
    if (source !== null) return previewSource(source, this.inForce);
    const file = this.reloadable();
    if (typeof file !== "string") return { kind: "refused", error: file };
    return preview(file, this.inForce, this.parts.log);
  }

  /** ReloadQueue when the file changes, if a config says so. */
  watch(config: Config): void {
    const { file } = this.parts;
    if (!config.watch || file === null) return this.close();
    const { fingerprint } = this;
    const onOrphan = () => this.logOrphan(file);
    const options = { fingerprint, onOrphan };
    this.watcher ??= watchConfig(file, () => void this.request("watcher"), options);
  }

  /** The file was replaced where this process does not see it. */
  get isOrphaned(): boolean {
    return this.watcher?.isOrphan ?? false;
  }

  /** It is watched, and not there. */
  get isMissing(): boolean {
    return this.watcher?.isMissing ?? false;
  }

  private logOrphan(file: string): void {
    const message = `${file} was replaced outside of this mount: a bind mount of a single file always shows the old one`;
    this.parts.log.warn("config-orphaned", message, { hint: MOUNT_HINT });
  }

  /** Looks at the file no more. */
  close(): void {
    this.watcher?.close();
    this.watcher = null;
  }

  private async reload(by: ReloadSource): Promise<ReloadOutcome> {
    const { log, logs, dataPlane, admin, onBegin, onApplied, onEnd } = this.parts;
    const file = this.reloadable();
    if (typeof file !== "string") {
      log.warn("reload-refused", file.message, { code: file.code });
      return { kind: "refused", error: file };
    }
    this.fingerprint = fingerprintOf(file);
    this.watcher?.markLoaded(this.fingerprint);
    const { inForce } = this;
    const from = inForce.generation;
    onBegin();
    try {
      const parts = { file, inForce, dataPlane, admin, log, logs, onApplied };
      const outcome = await reload(parts, by);
      this.last = lastReload(outcome, { by, isApplied: inForce.generation !== from });
      if (this.last.result === "applied") this.lastTakenAt = new Date(this.last.at);
      this.tell(from, outcome);
      return outcome;
    } finally {
      onEnd();
    }
  }

  private tell(from: number, outcome: ReloadOutcome): void {
    const { generation, changes } = this.inForce;
    const { events } = this.parts;
    if (generation !== from) {
      const reason = changes.map(describeChange).join("; ");
      events.emit("reload", { from, to: generation, reason });
    }
    if (outcome.kind === "failed") {
      events.emit("reload-failed", { from, to: generation, reason: reasonOf(outcome) });
    }
  }

  /** The file that a reload reads, or why there is none. */
  private reloadable(): string | ApiError {
    const { file, refusal } = this.parts;
    const error = refusal();
    if (error !== null) return error;
    if (file === null) return { code: "no-file", message: "this bal was not started from a file" };
    if (!isSpecialFile(file)) return file;
    const message = `${file} is not a regular file: bal read it once, at the start`;
    return { code: "not-a-file", message };
  }
}

function lastReload(
  outcome: ReloadOutcome,
  { by, isApplied }: { readonly by: ReloadSource; readonly isApplied: boolean },
): LastReload {
  const at = new Date().toISOString();
  if (outcome.kind === "done") return { at, by, result: "applied", error: null, errors: [] };
  const { message: error } = outcome.error;
  const errors = outcome.kind === "failed" ? outcome.errors : [];
  return { at, by, result: isApplied ? "applied" : "refused", error, errors };
}

/** With the place of the first error, so that nobody has to look for it in the log. */
function reasonOf({ error, errors }: Extract<ReloadOutcome, { kind: "failed" }>): string {
  const [first] = errors;
  return first === undefined ? error.message : `${error.message}: ${describeDiagnostic(first)}`;
}

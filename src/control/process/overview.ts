// The process's reports about itself: its status with the list of problems, its metrics, its last hour.
import type { ConfigInForce, History, Status } from "../../api/admin-api.ts";
import { asWritten } from "../../config/serialize.ts";
import type { AdminServer } from "../admin/server.ts";
import type { OverrideStore } from "../backends/override-store.ts";
import type { Logs } from "../logs/logs.ts";
import type { Family } from "../metrics/exposition.ts";
import { familiesOf } from "../metrics/families.ts";
import { HistoryRing } from "../observe/history.ts";
import { type PlaneStatus, planeProblems, planeStatus } from "../observe/plane-status.ts";
import { type Found, ProblemList } from "../observe/problems/problem-list.ts";
import {
  adminProblems,
  drainProblems,
  logProblems,
  missingProblems,
  orphanProblems,
  reloadProblems,
  stateProblems,
} from "../observe/problems/process-problems.ts";
import { RecentRise } from "../observe/problems/recent-rise.ts";
import { dialTotals } from "../observe/status.ts";
import type { ReloadQueue } from "../reload/reload-queue.ts";
import type { DataPlane } from "../workers/data-plane.ts";
import type { Version } from "./startup-log.ts";

/** How long lost log lines are worth a look. */
const LOST_LINES_MS = 600_000;

type OverviewParts = {
  readonly version: Version;
  /** The config's. */
  readonly file: string | null;
  readonly startedAt: Date;
  readonly phase: () => Status["phase"];
  readonly dataPlane: DataPlane;
  readonly reloads: ReloadQueue;
  readonly admin: AdminServer;
  readonly overrides: OverrideStore;
  readonly logs: Logs;
};

export class Overview {
  private readonly parts: OverviewParts;
  private readonly startedAtMs = performance.now();
  private readonly hour = new HistoryRing(this.startedAtMs);
  private readonly lostLines = new RecentRise(LOST_LINES_MS);
  private readonly problems = new ProblemList(() => this.found(planeStatus(this.facts())));

  constructor(parts: OverviewParts) {
    this.parts = parts;
  }

  /** Keeps the history and looks for problems. */
  keep(): void {
    this.hour.keep(() => {
      const facts = this.facts();
      return { ...planeStatus(facts), dials: dialTotals(facts) };
    });
    this.problems.keep();
  }

  /** Nobody asks any more. */
  stop(): void {
    this.hour.stop();
    this.problems.stop();
  }

  status(): Status {
    const { version, startedAt, phase } = this.parts;
    const plane = planeStatus(this.facts());
    return {
      pid: process.pid,
      version: version.version,
      commit: version.commit,
      started_at: startedAt.toISOString(),
      uptime_s: Math.floor((performance.now() - this.startedAtMs) / 1000),
      phase: phase(),
      config: this.configStatus(),
      ...plane,
      problems: this.problems.read(),
    };
  }

  config(): ConfigInForce {
    return { ...this.configStatus(), config: asWritten(this.parts.reloads.inForce.config) };
  }

  metrics(): readonly Family[] {
    const { version, logs, reloads } = this.parts;
    const reload = {
      generation: reloads.inForce.generation,
      isLastTaken: reloads.last?.result !== "refused",
      lastTakenAt: reloads.lastTakenAt,
    };
    const problems = this.problems.read();
    const droppedLogLines = logs.dropped;
    return familiesOf({ ...this.facts(), reload, version, droppedLogLines, problems });
  }

  history(last: number): History {
    return this.hour.read(last);
  }

  private configStatus(): Status["config"] {
    const { file, reloads } = this.parts;
    const { generation, loadedAt } = reloads.inForce;
    return { file, generation, loaded_at: loadedAt.toISOString(), last_reload: reloads.last };
  }

  private facts() {
    return this.parts.dataPlane.facts();
  }

  private found(plane: PlaneStatus): readonly Found[] {
    const { file, phase, reloads, admin, overrides, logs } = this.parts;
    const count = this.lostLines.take(logs.dropped, performance.now());
    return [
      ...drainProblems(phase()),
      ...planeProblems(this.facts(), plane),
      ...reloadProblems(reloads.last, reloads.inForce.generation),
      ...orphanProblems(reloads.isOrphaned, file),
      ...missingProblems(reloads.isMissing, file),
      ...stateProblems(overrides.unsaved),
      ...logProblems({ count, reason: logs.lostReason }),
      ...adminProblems(admin.wasFull),
    ];
  }
}

// Who may ask for an upgrade, and when it is done: one at a time, and never beside a reload. Knows
// whether another process has taken this one's place.

import type {
  ApiError,
  ReloadSource,
  UpgradeOutcome,
  UpgradeRequest,
} from "../../api/admin-api.ts";
import { BalError } from "../../base/errors.ts";
import type { SerialQueue } from "../../base/serial-queue.ts";
import type { NewProcess } from "./new-process.ts";
import { type StartCommand, type UpgradeParts, upgrade, upgradeObstacle } from "./upgrade.ts";

type UpgradeControllerParts = Omit<UpgradeParts, "config" | "command" | "abandoned"> & {
  readonly config: () => UpgradeParts["config"];
  /** Null: this process was not started from a file. */
  readonly command: StartCommand | null;
  readonly queue: SerialQueue;
  /** This process serves. */
  readonly started: Promise<void>;
  /** Why nothing can be changed any more; null: it can. */
  readonly refusal: () => ApiError | null;
  readonly onReload: (by: ReloadSource) => void;
  /** Another process serves. This one may end once `informed` resolves. */
  readonly onReplaced: (successor: NewProcess, informed: Promise<void>) => void;
};

const UNDER_WAY: ApiError = {
  code: "upgrading",
  message: "bal is being upgraded",
  hint: "try again after the upgrade",
};

const NOT_FROM_A_FILE: ApiError = {
  code: "no-file",
  message: "this bal was not started from a config file that a new process could read",
};

export class UpgradeController {
  private readonly parts: UpgradeControllerParts;
  private readonly abandoned = Promise.withResolvers<never>();
  private phase: "none" | "asked" | "under-way" | "done" = "none";
  private pid = 0;
  /** Who has asked for a reload meanwhile and could not be told. */
  private missed: ReloadSource | null = null;
  private isAbandoned = false;

  constructor(parts: UpgradeControllerParts) {
    this.parts = parts;
    // Nobody may be waiting for it.
    this.abandoned.promise.catch(() => {});
  }

  /** Why this process takes no other config; null: it does. */
  refusal(): ApiError | null {
    if (this.phase === "under-way") return UNDER_WAY;
    if (this.phase !== "done") return null;
    return {
      code: "upgraded",
      message: `bal was upgraded: pid ${this.pid} now serves new clients`,
    };
  }

  async request(request: UpgradeRequest): Promise<UpgradeOutcome> {
    const { refusal, command, manager, queue, log } = this.parts;
    const error =
      refusal() ??
      (this.phase === "none" ? null : UNDER_WAY) ??
      (command === null ? NOT_FROM_A_FILE : upgradeObstacle(manager));
    if (error !== null) {
      log.warn("upgrade-refused", `not upgraded: ${error.message}`, { code: error.code });
      return { kind: "refused", error };
    }
    this.phase = "asked";
    return queue.run(() => this.run(request));
  }

  /** A reload that is refused now, and that nobody would ask for again, is made up for. */
  remember(by: ReloadSource): void {
    if (this.phase === "under-way" && by !== "api") this.missed = by;
  }

  /** This process is to end: nobody is to take its place. */
  abandon(): void {
    this.isAbandoned = true;
    this.abandoned.reject(new BalError("draining", "bal was stopped during the upgrade"));
  }

  private async run(request: UpgradeRequest): Promise<UpgradeOutcome> {
    const { parts } = this;
    const { command, config } = parts;
    await parts.started;
    const error = parts.refusal();
    if (error !== null || command === null) {
      this.phase = "none";
      return { kind: "refused", error: error ?? NOT_FROM_A_FILE };
    }
    this.phase = "under-way";
    const abandoned = this.abandoned.promise;
    const outcome = await upgrade({ ...parts, config: config(), command, abandoned }, request);
    if (outcome.kind === "failed") {
      this.phase = "none";
      if (this.missed !== null) parts.onReload(this.missed);
      this.missed = null;
      return { ...outcome, errors: [] };
    }
    const { successor, informed, report } = outcome;
    this.phase = "done";
    this.pid = successor.pid;
    parts.onReplaced(successor, informed);
    // An order to this process was meant for the service.
    if (this.isAbandoned) successor.signal("SIGTERM");
    else if (this.missed === "signal") successor.signal("SIGHUP");
    return { kind: "done", report };
  }
}

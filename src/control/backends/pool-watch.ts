// Watches what becomes of clients pool by pool: whether some backend takes them, all are tried, or none; said
// once in the log when it changes. Ends the sessions that are with the wrong backend meanwhile.
import type { BackendConfig, PoolConfig } from "../../config/config.ts";
import { BACKUP_TIER } from "../../config/resolve.ts";
import { servingRules } from "../../config/roles.ts";
import { mayServe, type Serving, servingOf } from "../../policy/health/serving.ts";
import type { Board } from "../../shared/board.ts";
import type { EventBus } from "../events/event-bus.ts";
import type { Log } from "../logs/log.ts";
import type { Backend } from "./backend.ts";
import { weightOf } from "./override.ts";

type PoolWatchParts = {
  readonly board: Board;
  readonly log: Log;
  readonly events: EventBus;
  /** In the order of the config. */
  readonly backendsOf: (pool: PoolConfig) => readonly Backend[];
  /** No backend takes clients any more: the checks of these cannot come too soon. */
  readonly onNobody: (backends: readonly Backend[]) => void;
  /** The sessions of this one are to be reset. */
  readonly onClose: (slot: number) => void;
};

/** Do the checks of the pool end sessions, or let clients go on that wait? */
export function areSessionsMoved({ onDown, onUp, waitMs }: PoolConfig): boolean {
  return onDown === "close" || onUp === "close_backups" || waitMs > 0;
}

export class PoolWatch {
  /** It logs only what becomes of sessions: another process speaks of the backends. */
  isQuiet = false;
  private readonly parts: PoolWatchParts;
  private readonly byPool = new Map<string, Serving>();
  private readonly madeAtMs = performance.now();
  /** Resolved and forgotten when no pool waits for its first checks. */
  private asked: PromiseWithResolvers<void> | null = null;

  constructor(parts: PoolWatchParts) {
    this.parts = parts;
  }

  /** Not known yet: as if some backend took its clients. */
  servingOf(pool: string): Serving {
    return this.byPool.get(pool) ?? "eligible";
  }

  /** No backend of the pool is well. */
  hasNobody(pool: string): boolean {
    const serving = this.servingOf(pool);
    return serving !== "eligible" && serving !== "unasked";
  }

  /** Resolves when each pool knows from its checks whether a backend takes its clients, where they tell a role; at
   *  the latest when this is `withinMs` old. */
  async firstAnswers(withinMs: number): Promise<void> {
    const leftMs = this.madeAtMs + withinMs - performance.now();
    if (!this.isAsking || leftMs <= 0) return;
    this.asked ??= Promise.withResolvers();
    await Promise.race([this.asked.promise, Bun.sleep(leftMs)]);
  }

  private get isAsking(): boolean {
    return [...this.byPool.values()].includes("unasked");
  }

  /** Forgets the pools that are no more. */
  keepOnly(pools: readonly PoolConfig[]): void {
    const names = new Set(pools.map(({ name }) => name));
    for (const name of this.byPool.keys()) if (!names.has(name)) this.byPool.delete(name);
  }

  /** Looks at a pool again. */
  look(pool: PoolConfig): void {
    const { board, backendsOf, onNobody } = this.parts;
    const all = backendsOf(pool);
    const before = this.servingOf(pool.name);
    const serving = servingOf(
      all.filter((one) => weightOf(one) > 0).map(({ slot }) => board.healthBits(slot)),
      servingRules(pool),
    );
    this.byPool.set(pool.name, serving);
    if (this.asked !== null && !this.isAsking) {
      this.asked.resolve();
      this.asked = null;
    }
    if (serving !== before) this.logChange(pool, before, serving);
    if (this.hasNobody(pool.name) && (before === "eligible" || before === "unasked")) onNobody(all);
    if (serving === "eligible") this.closeMisplaced(pool, all);
  }

  private logChange({ name, waitMs }: PoolConfig, before: Serving, serving: Serving): void {
    if (this.isQuiet) return;
    const { log, events } = this.parts;
    const fields = { pool: name };
    if ((before === "failing-open") !== (serving === "failing-open")) {
      const [from, to] = [before === "failing-open", serving === "failing-open"];
      const reason = to ? "no backend is up" : null;
      events.emit("fail-open", { pool: name, from, to, reason });
    }
    if (serving === "failing-open") {
      const message = `pool ${name}: no backend is up; clients are sent to all that are not draining`;
      log.warn("fail-open", message, fields);
    } else if (serving === "nobody") {
      const fate = waitMs > 0 ? "wait" : "are refused";
      log.warn("no-backend", `pool ${name}: no backend is available; clients ${fate}`, fields);
    } else if (serving === "expected") {
      const message = `pool ${name}: no backend is available; clients wait for one that may be restarting`;
      log.warn("no-backend", message, fields);
    } else if (serving === "eligible" && before !== "unasked" && before !== "ejected") {
      log.info("pool-up", `pool ${name}: a backend is available again`, fields);
    }
  }

  // By what is so now, not by what has just changed: a session may have been opened by a worker that
  // did not know yet.
  private closeMisplaced(pool: PoolConfig, all: readonly Backend[]): void {
    const { board, log, onClose } = this.parts;
    const close = (backend: Backend, why: string) => {
      const sessions = board.backendSessions(backend.slot);
      if (sessions === 0) return;
      const fields = { pool: pool.name, backend: backend.config.name, sessions };
      const message = `${pool.name}/${backend.config.name}: its ${sessions === 1 ? "session is" : `${sessions} sessions are`} reset: ${why}`;
      log.info("sessions-ended", message, fields);
      onClose(backend.slot);
    };
    if (pool.onDown === "close") {
      const down = all.filter(({ state }) => state === "down");
      for (const one of down) close(one, "it is down, and another backend is up");
    }
    if (pool.onUp !== "close_backups") return;
    const isServing = (one: Backend) =>
      weightOf(one) > 0 && mayServe(board.healthBits(one.slot), "eligible", servingRules(pool));
    const primary = all.find(
      (one) => !isBackup(one.config) && isServing(one) && isProven(one, board),
    );
    if (primary === undefined) return;
    const backups = all.filter(({ config }) => isBackup(config));
    for (const one of backups) close(one, `it is a backup, and ${primary.config.name} is up`);
  }
}

function isBackup({ tier }: BackendConfig): boolean {
  return tier === BACKUP_TIER;
}

// The end of an ejection alone does not show that dials succeed again.
function isProven({ slot, unprovenAt }: Backend, board: Board): boolean {
  return unprovenAt === null || board.backendTotal(slot, "connections") > unprovenAt;
}

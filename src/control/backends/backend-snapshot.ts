// A backend as one process describes it to another: everything that was learnt about it.
import { formatEndpoint } from "../../base/address.ts";
import type { Board } from "../../shared/board.ts";
import {
  type BackendState,
  backendState,
  EJECTED,
  PROBE_DOWN,
  PROBE_UP,
} from "../../shared/health-bits.ts";
import type { Backend } from "./backend.ts";
import type { RunningEjection } from "./ejections.ts";

export type BackendSnapshot = {
  readonly pool: string;
  readonly name: string;
  /** In any order: elsewhere nothing of this holds. */
  readonly addresses: readonly string[];
  readonly health: "unknown" | "up" | "down";
  readonly ejection: RunningEjection | null;
  readonly state: BackendState;
  /** Since when; ISO 8601. */
  readonly since: string;
  readonly reason: string | null;
  readonly checkMs: number | null;
  /** How long it has been starting slowly; null: it is not. */
  readonly warmingForMs: number | null;
};

export function recordOf(
  backend: Backend,
  bits: number,
  ejection: RunningEjection | null,
): BackendSnapshot {
  const { pool, config, state, since, reason, checkMs, warmingSinceMs } = backend;
  return {
    pool,
    name: config.name,
    addresses: addressesOf(backend),
    health: bits & PROBE_UP ? "up" : bits & PROBE_DOWN ? "down" : "unknown",
    ejection,
    state,
    since: since.toISOString(),
    reason,
    checkMs,
    warmingForMs: warmingSinceMs === null ? null : performance.now() - warmingSinceMs,
  };
}

/** Gives a backend what is known of it already. False: the record is of another place. */
export function restoreSnapshot(backend: Backend, record: BackendSnapshot, board: Board): boolean {
  if (!Bun.deepEquals(addressesOf(backend), record.addresses)) return false;
  const probe = { up: PROBE_UP, down: PROBE_DOWN, unknown: 0 }[record.health];
  board.changeHealth(backend.slot, probe | (record.ejection === null ? 0 : EJECTED), 0);
  backend.state = backendState(board.healthBits(backend.slot));
  backend.checkMs = record.checkMs;
  // With another config it may be in another state since this moment.
  if (backend.state === record.state) {
    backend.since = new Date(record.since);
    backend.reason = record.reason;
  }
  if (record.warmingForMs !== null && backend.slowStartMs > 0) {
    backend.warmingSinceMs = performance.now() - record.warmingForMs;
  }
  return true;
}

function addressesOf({ endpoints }: Backend): readonly string[] {
  return endpoints.map(formatEndpoint).sort();
}

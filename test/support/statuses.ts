// Statuses as a daemon would give them, with only what a test is about.
import type { BackendStatus, PoolStatus, Status } from "../../src/api/admin-api.ts";

export const START = "2026-01-01T00:00:00.000Z";
export const START_MS = Date.parse(START);

export function backendStatus(name: string, extra: Partial<BackendStatus> = {}): BackendStatus {
  return {
    name,
    state: "up",
    since: START,
    reason: null,
    weight: 1,
    active: 0,
    total: 0,
    bytes_up: 0,
    bytes_down: 0,
    dial_errors: 0,
    check_ms: 0.4,
    ...extra,
  };
}

export function poolStatus(name: string, ...backends: readonly BackendStatus[]): PoolStatus {
  return { name, method: "round_robin", failing_open: false, backends };
}

export function statusOf(pools: readonly PoolStatus[], extra: Partial<Status> = {}): Status {
  return {
    pid: 7,
    version: "1.2.3",
    commit: "0123456789ab",
    started_at: START,
    uptime_s: 10_800,
    phase: "running",
    workers: 2,
    config: { file: "/etc/bal/config.yaml", generation: 4, loaded_at: START },
    listeners: [
      { name: "edge", address: "0.0.0.0:1", pool: "web", active: 120, accepted: 500, refused: 0 },
    ],
    pools,
    ...extra,
  };
}

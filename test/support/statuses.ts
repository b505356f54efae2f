// Statuses as a daemon would give them, with only what a test is about.
import type { BackendStatus, ListenerStatus, PoolStatus, Status } from "../../src/api/admin-api.ts";

export const START = "2026-01-01T00:00:00.000Z";
export const START_MS = Date.parse(START);

export function backendStatus(name: string, extra: Partial<BackendStatus> = {}): BackendStatus {
  return {
    name,
    address: name,
    backup: false,
    state: "up",
    since: START,
    reason: null,
    down_s: 0,
    weight: 1,
    active: 0,
    max_connections: 0,
    total: 0,
    bytes_up: 0,
    bytes_down: 0,
    dial_errors: 0,
    retries: 0,
    check_ms: 0.4,
    check: { passed: 9, failed: 0, last: "passed", in_a_row: 9, needed: 2 },
    ...extra,
  };
}

export function listenerStatus(name: string, extra: Partial<ListenerStatus> = {}): ListenerStatus {
  return {
    name,
    address: "0.0.0.0:1",
    pool: "web",
    active: 120,
    max_connections: 0,
    accepted: 500,
    refused: 0,
    refused_by: {},
    ...extra,
  };
}

export function poolStatus(name: string, ...backends: readonly BackendStatus[]): PoolStatus {
  const queue = { length: 0, size: 0 };
  return { name, method: "round_robin", failing_open: false, queue, backends };
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
    config: { file: "/etc/bal/config.yaml", generation: 4, loaded_at: START, last_reload: null },
    limits: { max_connections: 1000, active: 120 },
    listeners: [listenerStatus("edge")],
    problems: [],
    pools,
    ...extra,
  };
}

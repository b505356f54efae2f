// The status object, from the board and what the control plane knows.

import type {
  BackendStatus,
  CheckStatus,
  ListenerStatus,
  PoolStatus,
} from "../../api/admin-api.ts";
import { formatAddress } from "../../base/address.ts";
import { formatListenAddress } from "../../base/listen-address.ts";
import type { Config } from "../../config/config.ts";
import { BACKUP_TIER } from "../../config/resolve.ts";
import { routeAsWritten } from "../../config/serialize.ts";
import { type Board, DIAL_ERROR_TOTALS } from "../../shared/board.ts";
import { END_INDEX, ENDS, endReason, isRefusal } from "../../shared/end-reason.ts";
import { type Backend, downMsUntil } from "../backends/backend.ts";
import type { Backends } from "../backends/backends.ts";
import { weightOf } from "../backends/override.ts";
import type { DialTotals } from "./history.ts";

const DIAL_ERRORS = Object.values(DIAL_ERROR_TOTALS);
const REFUSALS = ENDS.filter(isRefusal);

export function listenerStatus(
  config: Config,
  slotOf: (listener: string) => number,
  board: Board,
): readonly ListenerStatus[] {
  return config.listeners.map(({ name, address, pool, routes, limits }) => {
    const slot = slotOf(name);
    const refusedBy = refusals(board, slot);
    return {
      name,
      address: formatListenAddress(address),
      pool,
      ...(pool === null && { routes: routes.map(routeAsWritten) }),
      active: board.listenerSessions(slot),
      max_connections: limits.maxConnections,
      accepted: board.accepted(slot),
      refused: Object.values(refusedBy).reduce((sum, count) => sum + count, 0),
      refused_by: refusedBy,
    };
  });
}

/** By reason; only those that occurred. */
function refusals(board: Board, slot: number): Readonly<Record<string, number>> {
  const counts = REFUSALS.map((end) => {
    return [endReason(end).reason, board.ended(slot, END_INDEX[end])] as const;
  });
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

/** A backend whose name has no address says how far that has come. */
function withNameTrouble(
  status: BackendStatus,
  { config: { address } }: Backend,
  { discovery }: Pick<Backends, "discovery">,
): BackendStatus {
  if (status.state !== "unresolved" || address.kind === "unix") return status;
  return { ...status, reason: discovery.whyUnresolved(address.host) };
}

export function poolStatus(
  health: Pick<Backends, "backends" | "discovery" | "discoverStatus" | "pools">,
  board: Board,
): readonly PoolStatus[] {
  const { backends, pools } = health;
  const rows = new Map(backends.rows().map(({ name, slot }) => [name, slot]));
  return backends.present.map((pool) => {
    const all = [...backends.ofPool(pool), ...backends.leavingOf(pool.name)];
    const discover = health.discoverStatus(pool);
    const size = pool.backends.reduce((sum, { queue }) => sum + queue.size, 0);
    return {
      name: pool.name,
      method: pool.method,
      ...(discover !== null && { discover }),
      failing_open: pools.servingOf(pool.name) === "failing-open",
      queue: { length: board.queue.waiting(rows.get(pool.name) ?? 0), size },
      backends: all.map((backend) =>
        withNameTrouble(backendStatus(backend, board), backend, health),
      ),
    };
  });
}

/** The dials of all backends together. */
type DialSource = {
  readonly board: Board;
  readonly pools: readonly { readonly backends: readonly Pick<Backend, "slot">[] }[];
};

export function dialTotals({ board, pools }: DialSource): DialTotals {
  const dials = pools
    .flatMap(({ backends }) => backends)
    .map(({ slot }) => board.histograms.dialsOf(slot));
  return {
    count: dials.reduce((sum, { counts }) => sum + counts.reduce((all, n) => all + n, 0), 0),
    seconds: dials.reduce((all, { sum }) => all + sum, 0),
  };
}

export function backendStatus(backend: Backend, board: Board): BackendStatus {
  const { slot, config, override, overrideSince, certificateEnds } = backend;
  return {
    name: config.name,
    address: formatAddress(config.address),
    backup: config.tier >= BACKUP_TIER,
    state: backend.state,
    since: backend.since.toISOString(),
    reason: backend.reason,
    down_s: Math.floor(downMsUntil(backend, new Date()) / 1000),
    weight: weightOf(backend),
    active: board.backendSessions(slot),
    max_connections: config.maxConnections,
    total: board.backendTotal(slot, "connections"),
    bytes_up: board.backendTotal(slot, "bytesUp"),
    bytes_down: board.backendTotal(slot, "bytesDown"),
    dial_errors: DIAL_ERRORS.reduce((sum, total) => sum + board.backendTotal(slot, total), 0),
    retries: board.backendTotal(slot, "retries"),
    check_ms: backend.checkMs,
    check: checkStatus(backend),
    ...(certificateEnds !== null && { certificate_expires_at: certificateEnds.toISOString() }),
    ...(Object.keys(override).length > 0 && { override }),
    ...(overrideSince !== null && { override_since: overrideSince }),
  };
}

function checkStatus({ checks, rise, fall }: Backend): CheckStatus {
  const { passed, failed, last, inARow } = checks;
  return { passed, failed, last, in_a_row: inARow, needed: last === "failed" ? fall : rise };
}

// The status object, from the board and what the control plane knows.

import type { BackendStatus, ListenerStatus, PoolStatus } from "../../api/admin-api.ts";
import { formatListenAddress } from "../../base/listen-address.ts";
import type { Config } from "../../config/config.ts";
import { routeAsWritten } from "../../config/serialize.ts";
import { type Board, DIAL_ERROR_TOTALS } from "../../shared/board.ts";
import { END_INDEX, ENDS, isRefusal } from "../../shared/end-reason.ts";
import type { Backend } from "../backends/backend.ts";
import type { Backends } from "../backends/backends.ts";
import { weightOf } from "../backends/override.ts";
import type { DialTotals } from "./history.ts";

const DIAL_ERRORS = Object.values(DIAL_ERROR_TOTALS);
const REFUSALS = ENDS.filter(isRefusal).map((end) => END_INDEX[end]);

export function listenerStatus(
  config: Config,
  slotOf: (listener: string) => number,
  board: Board,
): readonly ListenerStatus[] {
  return config.listeners.map(({ name, address, pool, routes }) => {
    const slot = slotOf(name);
    return {
      name,
      address: formatListenAddress(address),
      pool,
      ...(pool === null && { routes: routes.map(routeAsWritten) }),
      active: board.listenerSessions(slot),
      accepted: board.accepted(slot),
      refused: REFUSALS.reduce((sum, end) => sum + board.ended(slot, end), 0),
    };
  });
}

export function poolStatus(
  { backends, discovery, pools }: Pick<Backends, "backends" | "discovery" | "pools">,
  board: Board,
): readonly PoolStatus[] {
  return backends.present.map((pool) => {
    const all = [...backends.ofPool(pool), ...backends.leavingOf(pool.name)];
    const discover = discovery.stateOf(pool);
    return {
      name: pool.name,
      method: pool.method,
      ...(discover !== null && { discover }),
      failing_open: pools.servingOf(pool.name) === "failing-open",
      backends: all.map((backend) => backendStatus(backend, board)),
    };
  });
}

/** Of all backends together. */
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
  const { slot, config, override } = backend;
  return {
    name: config.name,
    state: backend.state,
    since: backend.since.toISOString(),
    reason: backend.reason,
    weight: weightOf(backend),
    active: board.backendSessions(slot),
    total: board.backendTotal(slot, "connections"),
    bytes_up: board.backendTotal(slot, "bytesUp"),
    bytes_down: board.backendTotal(slot, "bytesDown"),
    dial_errors: DIAL_ERRORS.reduce((sum, total) => sum + board.backendTotal(slot, total), 0),
    check_ms: backend.checkMs,
    ...(Object.keys(override).length > 0 && { override }),
  };
}

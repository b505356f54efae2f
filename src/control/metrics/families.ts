// Every family of metrics, from the board and what the control plane knows. docs/metrics.md is made
// of the same list.

import { type Problem, SEVERITIES } from "../../api/problems.ts";
import { mayServe, servingOf } from "../../policy/health/serving.ts";
import { type BackendTotal, type Board, DIAL_ERROR_TOTALS } from "../../shared/board.ts";
import { END_INDEX, ENDS, endReason, isRefusal } from "../../shared/end-reason.ts";
import type { ServingRules } from "../../shared/health-bits.ts";
import { DIAL_BUCKETS, SESSION_BUCKETS } from "../../shared/histograms.ts";
import type { Backend } from "../backends/backend.ts";
import { weightOf } from "../backends/override.ts";
import type { EventCounters } from "../events/event-counters.ts";
import { type Family, histogramSamples, type Labels, type Sample } from "./exposition.ts";
import { processFamilies } from "./process.ts";

export type Facts = {
  readonly board: Board;
  readonly tally: EventCounters;
  readonly workers: number;
  readonly listeners: readonly { readonly name: string; readonly slot: number }[];
  readonly pools: readonly {
    readonly name: string;
    readonly slot: number;
    readonly rules: ServingRules;
    readonly backends: readonly Backend[];
  }[];
  /** Connections that may be open at a time. */
  readonly ceiling: number;
  readonly reload: {
    readonly generation: number;
    /** No config was refused since the last one that was taken. */
    readonly isLastTaken: boolean;
    readonly lastTakenAt: Date;
  };
  readonly version: { readonly version: string; readonly commit: string };
  readonly droppedLogLines: number;
  readonly problems: readonly Problem[];
};

export function familiesOf(facts: Facts): readonly Family[] {
  return [
    ...ofBal(facts),
    ...ofConfig(facts),
    ...ofListeners(facts),
    ...ofPools(facts),
    ...ofBackends(facts),
    ...ofSessions(facts),
    ...processFamilies(),
  ];
}

function ofBal({ board, ceiling, tally, workers, version, droppedLogLines, problems }: Facts) {
  const rows = Array.from({ length: workers }, (_, worker) => worker);
  return [
    gauge("bal_build_info", "The running version; always 1.", [one(1, { ...version })]),
    gauge(
      "bal_problems",
      "The number of problems that `bal status` lists.",
      SEVERITIES.map((severity) => {
        return one(problems.filter((found) => found.severity === severity).length, { severity });
      }),
    ),
    gauge("bal_connections_max", "How many connections may be open at the same time.", [
      one(ceiling),
    ]),
    gauge("bal_buffered_bytes", "Bytes held for slow readers and waiting clients.", [
      one(board.bufferedBytes()),
    ]),
    gauge(
      "bal_worker_lag_seconds",
      "How late a worker's event loop was at its last measurement.",
      rows.map((worker) => one(board.lagMs(worker) / 1000, { worker: String(worker) })),
    ),
    counter("bal_worker_restarts_total", "Workers that were replaced.", [
      one(tally.workerRestarts),
    ]),
    counter("bal_log_dropped_total", "Log lines that could not be written.", [
      one(droppedLogLines),
    ]),
  ];
}

function ofConfig({ reload, tally }: Facts): Family[] {
  const { generation, isLastTaken, lastTakenAt } = reload;
  return [
    gauge("bal_config_generation", "Increases with every reload that changed something.", [
      one(generation),
    ]),
    counter("bal_config_reloads_total", "Reloads that changed something, and those that failed.", [
      one(tally.reloads, { result: "success" }),
      one(tally.failedReloads, { result: "failure" }),
    ]),
    gauge("bal_config_last_reload_successful", "0 if the last reload was refused, otherwise 1.", [
      one(isLastTaken ? 1 : 0),
    ]),
    gauge(
      "bal_config_last_reload_success_timestamp_seconds",
      "When a config was last applied, including the start, in seconds since 1970.",
      [one(lastTakenAt.getTime() / 1000)],
    ),
  ];
}

function ofListeners({ board, listeners }: Facts): Family[] {
  const each = (value: (slot: number) => number) =>
    listeners.map(({ name, slot }) => one(value(slot), { listener: name }));
  return [
    counter(
      "bal_listener_connections_total",
      "Accepted clients.",
      each((slot) => board.accepted(slot)),
    ),
    gauge(
      "bal_listener_connections_active",
      "Connected clients.",
      each((slot) => board.listenerSessions(slot)),
    ),
    counter(
      "bal_listener_refused_total",
      "Clients that were refused before any relay, by reason.",
      listeners.flatMap((listener) => endsOf(board, listener, true)),
    ),
  ];
}

function ofSessions({ board, listeners }: Facts): Family[] {
  const samples = listeners.flatMap((listener) => endsOf(board, listener, false));
  const lengths = histogramSamples(SESSION_BUCKETS, {}, board.histograms.allSessions());
  return [
    counter("bal_sessions_ended_total", "Sessions that ended, by reason.", samples),
    histogram("bal_session_seconds", "How long sessions lasted, from accept to the end.", lengths),
  ];
}

/** Only what has happened: there are thirty ways to end. */
function endsOf(
  board: Board,
  { name, slot }: Facts["listeners"][number],
  areRefusals: boolean,
): Sample[] {
  const byReason = new Map<string, number>();
  for (const end of ENDS) {
    const count = board.ended(slot, END_INDEX[end]);
    if (count === 0 || (areRefusals && !isRefusal(end))) continue;
    const { reason } = endReason(end);
    byReason.set(reason, (byReason.get(reason) ?? 0) + count);
  }
  return [...byReason].map(([reason, count]) => one(count, { listener: name, reason }));
}

function ofPools({ board, pools }: Facts): Family[] {
  type Row = Facts["pools"][number];
  const bitsOf = ({ backends }: Row) =>
    backends.filter((one) => weightOf(one) > 0).map(({ slot }) => board.healthBits(slot));
  const available = (row: Row) =>
    bitsOf(row).filter((bits) => mayServe(bits, "eligible", row.rules)).length;
  const isFailingOpen = (row: Row) => servingOf(bitsOf(row), row.rules) === "failing-open";
  return [
    gauge(
      "bal_pool_backends_available",
      "Backends that may take new clients.",
      pools.map((row) => one(available(row), { pool: row.name })),
    ),
    gauge(
      "bal_pool_fail_open",
      "1 while no backend is up and clients are sent to all that are not draining.",
      pools.map((row) => one(isFailingOpen(row) ? 1 : 0, { pool: row.name })),
    ),
    counter(
      "bal_pool_retries_total",
      "Dials of a further backend for the same client.",
      pools.map(({ name, backends }) => {
        const all = backends.map(({ slot }) => board.backendTotal(slot, "retries"));
        return one(
          all.reduce((sum, count) => sum + count, 0),
          { pool: name },
        );
      }),
    ),
    gauge(
      "bal_pool_queue",
      "Clients that are waiting because every backend is full or none is up.",
      pools.map(({ name, slot }) => one(board.queue.waiting(slot), { pool: name })),
    ),
    gauge(
      "bal_pool_queue_max",
      "How many clients may wait because every backend is full; 0 without a queue.",
      pools.map(({ name, backends }) => {
        return one(
          backends.reduce((sum, { config }) => sum + config.queue.size, 0),
          { pool: name },
        );
      }),
    ),
  ];
}

function ofBackends({ board, tally, pools }: Facts): Family[] {
  const all = pools.flatMap(({ name: pool, backends }) =>
    backends.map((backend) => {
      const labels: Labels = { pool, backend: backend.config.name };
      return { pool, backend, slot: backend.slot, labels };
    }),
  );
  type Row = (typeof all)[number];
  const each = (value: (row: Row) => number) => all.map((row) => one(value(row), row.labels));
  const total = (name: BackendTotal) => each(({ slot }) => board.backendTotal(slot, name));
  const add = (samples: readonly Sample[], more: Labels) =>
    samples.map((sample) => ({ ...sample, labels: { ...sample.labels, ...more } }));
  return [
    gauge(
      "bal_backend_up",
      "1 if the backend is up or not checked yet, otherwise 0.",
      each(({ backend }) => (backend.state === "up" || backend.state === "unknown" ? 1 : 0)),
    ),
    gauge(
      "bal_backend_weight",
      "The weight: the share of new connections.",
      each(({ backend }) => weightOf(backend)),
    ),
    counter("bal_backend_connections_total", "Dials that succeeded.", total("connections")),
    gauge(
      "bal_backend_connections_active",
      "Sessions, including dials in progress.",
      each(({ slot }) => board.backendSessions(slot)),
    ),
    counter("bal_backend_bytes_total", "Bytes relayed; up is client to backend.", [
      ...add(total("bytesUp"), { direction: "up" }),
      ...add(total("bytesDown"), { direction: "down" }),
    ]),
    counter(
      "bal_backend_dial_errors_total",
      "Failed dials, by error.",
      Object.entries(DIAL_ERROR_TOTALS).flatMap(([error, name]) => add(total(name), { error })),
    ),
    histogram(
      "bal_backend_dial_seconds",
      "How long successful dials took.",
      all.flatMap(({ slot, labels }) =>
        histogramSamples(DIAL_BUCKETS, labels, board.histograms.dialsOf(slot)),
      ),
    ),
    counter(
      "bal_backend_ejections_total",
      "How often failed dials have ejected it.",
      each(({ pool, backend }) => tally.ejectionsOf(pool, backend.config.name)),
    ),
    counter("bal_backend_checks_total", "Health checks, by result.", [
      ...add(
        each(({ backend }) => backend.checks.passed),
        { result: "success" },
      ),
      ...add(
        each(({ backend }) => backend.checks.failed),
        { result: "failure" },
      ),
    ]),
    histogram(
      "bal_backend_check_seconds",
      "How long health checks took.",
      all.flatMap(({ backend, labels }) =>
        histogramSamples(DIAL_BUCKETS, labels, backend.checks.seconds.read()),
      ),
    ),
    gauge(
      "bal_certificate_expiry_timestamp_seconds",
      "When the certificate in the last check over TLS expires, in seconds since 1970.",
      all.flatMap(({ backend: { certificateEnds }, labels }) =>
        certificateEnds === null ? [] : one(certificateEnds.getTime() / 1000, labels),
      ),
    ),
  ];
}

function one(value: number, labels: Labels = {}): Sample {
  return { labels, value };
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: "counter", help, samples };
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: "gauge", help, samples };
}

function histogram(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: "histogram", help, samples };
}

// The data plane's part of the status, and the problems there.
import type { Status } from "../../api/admin-api.ts";
import type { Config } from "../../config/config.ts";
import { isLinux } from "../../os/libc.ts";
import { openFileLimit, openFiles, usableMemory } from "../../os/limits.ts";
import type { Board } from "../../shared/board.ts";
import type { ServingRules } from "../../shared/health-bits.ts";
import type { Backend } from "../backends/backend.ts";
import type { Backends } from "../backends/backends.ts";
import type { EventCounters } from "../events/event-counters.ts";
import { expiryWarning } from "../health/certificate.ts";
import { bufferedCeiling } from "../host/capacity.ts";
import {
  ceilingProblems,
  descriptorProblems,
  listenerProblems,
  memoryProblems,
} from "./problems/capacity-problems.ts";
import { certificateProblems } from "./problems/certificate-problems.ts";
import { nameProblems } from "./problems/name-problems.ts";
import { type Fate, poolProblems } from "./problems/pool-problems.ts";
import type { Found } from "./problems/problem-list.ts";
import { applyProblems } from "./problems/process-problems.ts";
import { listenerStatus, poolStatus } from "./status.ts";

export type PlaneFacts = {
  readonly board: Board;
  readonly tally: EventCounters;
  readonly workers: number;
  readonly config: Config;
  readonly health: Backends;
  /** Connections that may be open at a time. */
  readonly ceiling: number;
  /** The part of the config in force that the workers could not apply; null: none. */
  readonly trouble: string | null;
  readonly listeners: readonly { readonly name: string; readonly slot: number }[];
  readonly pools: readonly {
    readonly name: string;
    readonly slot: number;
    readonly rules: ServingRules;
    readonly backends: readonly Backend[];
  }[];
  /** Clients that were not served lately. */
  readonly refused: () => readonly Found[];
  /** Threads that were lost. */
  readonly lost: () => readonly Found[];
};

export type PlaneStatus = Pick<Status, "workers" | "limits" | "listeners" | "pools">;

export function planeStatus(facts: PlaneFacts): PlaneStatus {
  const { board, config, listeners, health, workers, ceiling } = facts;
  const slots = new Map(listeners.map(({ name, slot }) => [name, slot]));
  return {
    workers,
    limits: { max_connections: ceiling, active: board.sessions() },
    listeners: listenerStatus(config, (name) => slots.get(name) ?? 0, board),
    pools: poolStatus(health, board),
  };
}

export function planeProblems(
  facts: PlaneFacts,
  { limits, listeners, pools }: PlaneStatus,
): readonly Found[] {
  const { board, config, health, trouble } = facts;
  const { maxConnections, overload } = config.limits;
  const ceiling = { isConfigured: maxConnections !== "auto", waits: overload === "wait" };
  const memory = { used: process.memoryUsage.rss(), limit: usableMemory() };
  const buffered = { used: board.bufferedBytes(), limit: bufferedCeiling(config) };
  return [
    ...poolProblems(pools, { fateOf: fatesIn(facts), nowMs: Date.now() }),
    ...ceilingProblems(limits, ceiling),
    ...listenerProblems(listeners),
    ...facts.refused(),
    ...nameProblems(health.discovery.failing(), pools),
    ...facts.lost(),
    ...applyProblems(trouble),
    ...memoryProblems(memory, buffered),
    ...(isLinux ? descriptorProblems({ used: openFiles(), limit: openFileLimit() }) : []),
    ...certificateProblems(certificatesOf(facts)),
  ];
}

function fatesIn({ config, health }: PlaneFacts): (pool: string) => Fate {
  const waits = new Map(config.pools.map(({ name, waitMs }) => [name, waitMs]));
  return (pool) => {
    const serving = health.pools.servingOf(pool);
    if (serving === "unasked") return "unasked";
    if (serving === "failing-open") return "tried";
    if (serving === "ejected") return "ejected-tried";
    if (serving === "expected") return "wait";
    return (waits.get(pool) ?? 0) > 0 ? "wait" : "refused";
  };
}

function certificatesOf({ pools }: PlaneFacts) {
  return pools.flatMap(({ name: pool, backends }) =>
    backends.flatMap(({ config, certificateEnds, expiryWarningMs }) => {
      if (certificateEnds === null) return [];
      const warning = expiryWarning(certificateEnds, expiryWarningMs);
      return { pool, backend: config.name, warning };
    }),
  );
}

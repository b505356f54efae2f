// The record of one backend beside its numbers on the board.

import type { Override } from "../../api/admin-api.ts";
import type { Endpoint } from "../../base/address.ts";
import type { BackendConfig, OnDown, PoolConfig } from "../../config/config.ts";
import { type BackendState, backendState } from "../../shared/health-bits.ts";
import { LocalHistogram } from "../../shared/histograms.ts";
import { reasonOf } from "./state-reason.ts";

type Checks = {
  passed: number;
  failed: number;
  last: "passed" | "failed" | null;
  /** So many in a row ended like the last one. */
  inARow: number;
  readonly seconds: LocalHistogram;
};

export type Backend = {
  readonly pool: string;
  readonly slot: number;
  config: BackendConfig;
  /** The operator's settings, over the config. */
  override: Override;
  /** Since when something of it is set; ISO 8601. */
  overrideSince: string | null;
  onDown: OnDown;
  slowStartMs: number;
  expiryWarningMs: number;
  /** Its check goes where its clients go: one that passes shows that they would be taken as well. */
  isCheckedWhereDialled: boolean;
  rise: number;
  fall: number;
  /** When it came back and began to start slowly, by the monotonic clock; null: it does not. */
  warmingSinceMs: number | null;
  endpoints: readonly Endpoint[];
  /** Nothing names it any more; it is here until its last session has ended. */
  isLeaving: boolean;
  state: BackendState;
  since: Date;
  /** Its dials had failed when this many had succeeded, and none has since; null: they do not fail. */
  unprovenAt: number | null;
  /** Why it is not up. */
  reason: string | null;
  /** How long it was out of service before its present state, not of an operator's will. */
  downMs: number;
  checkMs: number | null;
  readonly checks: Checks;
  /** When the certificate ends that its last TLS check saw; null: there was none. */
  certificateEnds: Date | null;
};

type Parts = {
  readonly slot: number;
  /** The bits of its health word. */
  readonly bits: number;
  readonly override: Override;
  readonly overrideSince: string | null;
  readonly endpoints: readonly Endpoint[];
};

export function newBackend(
  pool: PoolConfig,
  config: BackendConfig,
  { slot, bits, override, overrideSince, endpoints }: Parts,
): Backend {
  return {
    ...poolSettings(pool, config),
    pool: pool.name,
    slot,
    config,
    override,
    overrideSince,
    warmingSinceMs: null,
    endpoints,
    isLeaving: false,
    unprovenAt: null,
    state: backendState(bits),
    since: new Date(),
    reason: reasonOf(bits, override),
    downMs: 0,
    checkMs: null,
    checks: { passed: 0, failed: 0, last: null, inARow: 0, seconds: new LocalHistogram() },
    certificateEnds: null,
  };
}

export function countCheck({ checks }: Backend, isPassed: boolean): void {
  const result = isPassed ? "passed" : "failed";
  checks[result]++;
  checks.inARow = checks.last === result ? checks.inARow + 1 : 1;
  checks.last = result;
}

/** How long it was out of service in all, until `now`. */
export function downMsUntil({ downMs, state, since }: Backend, now: Date): number {
  if (!isOut(state)) return downMs;
  // The wall clock may have been set back.
  return downMs + Math.max(0, now.getTime() - since.getTime());
}

function isOut(state: BackendState): boolean {
  return state === "down" || state === "ejected" || state === "unresolved";
}

/** The settings that a backend has from its pool. */
export function poolSettings(pool: PoolConfig, { address }: BackendConfig) {
  const { onDown, slowStartMs, healthCheck } = pool;
  const { rise, fall } = healthCheck;
  const warnings = healthCheck.checks.map((one) =>
    "expiryWarningMs" in one ? one.expiryWarningMs : 0,
  );
  const expiryWarningMs = Math.max(0, ...warnings);
  const isCheckedWhereDialled = healthCheck.checks.some(
    ({ port }) => port === 0 || address.kind === "unix" || address.port === port,
  );
  return { onDown, slowStartMs, expiryWarningMs, rise, fall, isCheckedWhereDialled };
}

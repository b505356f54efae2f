// What is known of one backend beside its numbers on the board.

import type { Override } from "../../api/admin-api.ts";
import type { Endpoint } from "../../base/address.ts";
import type { BackendConfig, OnDown, PoolConfig } from "../../config/config.ts";
import { type BackendState, backendState } from "../../shared/health-bits.ts";
import { LocalHistogram } from "../../shared/histograms.ts";
import { reasonOf } from "./state-reason.ts";

export type Backend = {
  readonly pool: string;
  readonly slot: number;
  config: BackendConfig;
  /** What an operator has set, over the config. */
  override: Override;
  onDown: OnDown;
  slowStartMs: number;
  expiryWarningMs: number;
  /** Its check goes where its clients go: one that passes shows that they would be taken as well. */
  isCheckedWhereDialled: boolean;
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
  checkMs: number | null;
  readonly checks: { passed: number; failed: number; readonly seconds: LocalHistogram };
};

type Parts = {
  readonly slot: number;
  /** Of its health word. */
  readonly bits: number;
  readonly override: Override;
  readonly endpoints: readonly Endpoint[];
};

export function newBackend(
  pool: PoolConfig,
  config: BackendConfig,
  { slot, bits, override, endpoints }: Parts,
): Backend {
  return {
    ...poolSettings(pool, config),
    pool: pool.name,
    slot,
    config,
    override,
    warmingSinceMs: null,
    endpoints,
    isLeaving: false,
    unprovenAt: null,
    state: backendState(bits),
    since: new Date(),
    reason: reasonOf(bits, override),
    checkMs: null,
    checks: { passed: 0, failed: 0, seconds: new LocalHistogram() },
  };
}

/** What a backend has from its pool. */
export function poolSettings(pool: PoolConfig, { address }: BackendConfig) {
  const { onDown, slowStartMs, healthCheck } = pool;
  const { expiryWarningMs, port } = healthCheck;
  const isCheckedWhereDialled = port === 0 || address.kind === "unix" || address.port === port;
  return { onDown, slowStartMs, expiryWarningMs, isCheckedWhereDialled };
}

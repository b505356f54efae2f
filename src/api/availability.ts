// How it stands with backends, by their state.
import { plural } from "../base/figures.ts";
import type { BackendState } from "../shared/health-bits.ts";
import type { BackendStatus, Status } from "./admin-api.ts";

/** How bad a state is, for sorting. */
const BADNESS: Readonly<Record<BackendState, number>> = {
  down: 4,
  unresolved: 3,
  ejected: 2,
  draining: 1,
  unknown: 0,
  up: 0,
};

export function badness({ state }: Pick<BackendStatus, "state">): number {
  return BADNESS[state];
}

/** It takes no client, and nobody wanted that: a drain is no fault. */
export function isAtFault(backend: Pick<BackendStatus, "state">): boolean {
  return badness(backend) > BADNESS.draining;
}

/** Takes new connections, as far as is known. */
export function isAvailable({ state, weight }: Pick<BackendStatus, "state" | "weight">): boolean {
  return weight > 0 && (state === "up" || state === "unknown");
}

/** `3 of 4 backends up` */
export function availability({ pools }: Pick<Status, "pools">): string {
  const backends = pools.flatMap((pool) => pool.backends);
  const up = backends.filter(({ state }) => state === "up").length;
  return `${up} of ${plural(backends.length, "backend")} up`;
}

// What is wrong, the worst first: a judgement of a status, for all that show one.
import { plural } from "../base/figures.ts";
import type { BackendState } from "../shared/health-bits.ts";
import type { BackendStatus, DiscoverStatus, PoolStatus, Status } from "./admin-api.ts";

/** How bad a state is, for sorting. */
const BADNESS: Readonly<Record<BackendState, number>> = {
  down: 4,
  unresolved: 3,
  ejected: 2,
  draining: 1,
  unknown: 0,
  up: 0,
};

export type Problem = {
  /** Nobody is served, or something is not as it should be. */
  readonly kind: "outage" | "fault";
  /** `pool web has no backend that is up`, `web/app1 is down` */
  readonly what: string;
  /** ISO 8601; null when it has no beginning. */
  readonly since: string | null;
  readonly reason: string | null;
};

export function badness({ state }: BackendStatus): number {
  return BADNESS[state];
}

/** Not of its own will: a drain by hand is no fault. */
export function isAtFault(backend: BackendStatus): boolean {
  return badness(backend) > BADNESS.draining;
}

/** Takes new connections, as far as is known. */
export function isAvailable({ state, weight }: BackendStatus): boolean {
  return weight > 0 && isWell(state);
}

function isWell(state: BackendState): boolean {
  return state === "up" || state === "unknown";
}

export function problemsOf({ phase, pools }: Status): readonly Problem[] {
  const drain: Problem = {
    kind: "outage",
    what: "bal drains and takes no new clients",
    since: null,
    reason: null,
  };
  return [
    ...(phase === "draining" ? [drain] : []),
    ...pools.filter((pool) => !pool.backends.some(isAvailable)).map(outage),
    ...pools
      .flatMap(({ name, backends }) => backends.map((backend) => ({ pool: name, backend })))
      .filter(({ backend }) => isAtFault(backend))
      .sort((a, b) => badness(b.backend) - badness(a.backend))
      .map(({ pool, backend }) => fault(pool, backend)),
    ...pools.flatMap(unanswered),
  ];
}

function outage({ name, backends, discover }: PoolStatus): Problem {
  const isServed = backends.some(({ state, weight }) => state !== "draining" && weight > 0);
  const isWeightless = backends.some(({ state }) => isWell(state));
  const reason =
    backends.length === 0
      ? emptiness(discover)
      : isServed
        ? "all that do not drain are tried"
        : `all of them drain${isWeightless ? " or have weight 0" : ""}: clients are refused`;
  const what = `pool ${name} has no backend that is up${isWeightless ? " and has a weight" : ""}`;
  return { kind: "outage", what, since: null, reason };
}

function emptiness(discover: DiscoverStatus | undefined): string {
  if (discover?.state !== "unresolved") return "it has no backend at all";
  return `${discover.name} does not resolve${because(discover)}`;
}

// That a pool is served all the same, by an old answer or by what is configured, is no reason to be quiet.
function unanswered({ name, discover, backends }: PoolStatus): readonly Problem[] {
  if (discover === undefined || discover.state === "resolved" || backends.length === 0) return [];
  const what = `${discover.name} of pool ${name} does not resolve${because(discover)}`;
  const isOld = discover.state === "stale";
  const reason = isOld ? "its last answer is in use" : "it has no backends from there";
  return [{ kind: "fault", what, since: null, reason }];
}

function because({ error }: DiscoverStatus): string {
  return error === null ? "" : ` (${error})`;
}

function fault(pool: string, { name, state, since, reason }: BackendStatus): Problem {
  return { kind: "fault", what: `${pool}/${name} is ${state}`, since, reason };
}

/** `3 of 4 backends up` */
export function availability({ pools }: Status): string {
  const backends = pools.flatMap((pool) => pool.backends);
  const up = backends.filter(({ state }) => state === "up").length;
  return `${up} of ${plural(backends.length, "backend")} up`;
}

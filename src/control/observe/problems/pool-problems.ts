// The problems of pools and their backends, by their status.
import type { BackendStatus, DiscoverStatus, PoolStatus } from "../../../api/admin-api.ts";
import { badness, isAtFault, isAvailable } from "../../../api/availability.ts";
import { plural } from "../../../base/figures.ts";
import type { Found } from "./problem-list.ts";

const DAY_MS = 86_400_000;

export type Fate = "unasked" | "tried" | "ejected-tried" | "wait" | "refused";

const FATES: Readonly<Record<Fate, string>> = {
  unasked: "clients wait for the first checks",
  tried: "clients are sent to all that are not draining",
  "ejected-tried": "clients are sent to those whose checks pass, although dials have failed",
  wait: "clients wait, and are refused if that takes too long",
  refused: "clients are refused",
};

type Facts = {
  /** The fate of the clients of a pool that has no backend that is up. */
  readonly fateOf: (pool: string) => Fate;
  readonly nowMs: number;
};

export function poolProblems(
  pools: readonly PoolStatus[],
  { fateOf, nowMs }: Facts,
): readonly Found[] {
  return [
    ...pools.flatMap((pool) => outage(pool, fateOf(pool.name))),
    ...pools.filter(({ name }) => fateOf(name) === "unasked").flatMap(pending),
    ...pools.flatMap(faults),
    ...pools.flatMap(fullness),
    ...pools.flatMap(undiscovered),
    ...pools.flatMap(leftOut),
    ...pools.flatMap((pool) => oldOverrides(pool, nowMs)),
  ];
}

function outage({ name, backends, discover }: PoolStatus, fate: Fate): readonly Found[] {
  if (backends.some(isAvailable)) return [];
  const isWeightless = backends.some(({ state }) => state === "up" || state === "unknown");
  const isDrained = backends.every(({ state, weight }) => state === "draining" || weight === 0);
  const what = `pool ${name} has no backend that is up${isWeightless ? " and has a weight" : ""}`;
  const sinces = backends.map(({ since }) => since).sort();
  const last = sinces.at(-1);
  const common = {
    ...({ severity: "critical", code: "pool-down", subject: `pool ${name}` } as const),
    // Since the last of them went; a pool without any has no such moment.
    ...(last !== undefined && { since: last }),
  };
  if (backends.length === 0) {
    const message = `pool ${name} has no backend: ${emptiness(discover)}: ${FATES[fate]}`;
    const hint = discover === undefined ? "add one" : "check what the name server answers";
    return [{ ...common, message, hint }];
  }
  if (isDrained) {
    const why = `all of them are draining${isWeightless ? " or have weight 0" : ""}`;
    const hint = "`bal undrain NAME` ends the drain of one";
    return [{ ...common, message: `${what}: ${why}: ${FATES[fate]}`, hint }];
  }
  const hint = "the reasons are in the problems of its backends";
  return [{ ...common, message: `${what}: ${FATES[fate]}`, hint }];
}

/** Its checks tell a role, and have not told yet who has it. */
function pending({ name, backends }: PoolStatus): readonly Found[] {
  const unknown = backends.filter(({ state }) => state === "unknown");
  const [since] = unknown.map((one) => one.since).sort();
  if (since === undefined) return [];
  const those = plural(unknown.length, "backend");
  const message = `pool ${name} waits for the first checks of ${those}; its clients wait as well`;
  const hint = "a check that gets no answer fails after its timeout";
  const subject = `pool ${name}`;
  return [{ severity: "warning", code: "checks-pending", since, subject, message, hint }];
}

function emptiness(discover: DiscoverStatus | undefined): string {
  if (discover?.state !== "unresolved") return "none is configured or discovered";
  return `${discover.name} ${howFar(discover)}`;
}

/** Without an error nothing has failed yet. */
function howFar({ error }: DiscoverStatus): string {
  return error === null ? "has no answer yet" : `does not resolve (${error})`;
}

function faults({ name, backends }: PoolStatus): readonly Found[] {
  return backends
    .filter(isAtFault)
    .sort((a, b) => badness(b) - badness(a))
    .map((backend) => {
      const subject = `${name}/${backend.name}`;
      const { state, since, reason } = backend;
      const message = `${subject} is ${state}${reason === null ? "" : `: ${reason}`}`;
      const hint = FAULT_HINTS[state] ?? "";
      return { severity: "error", code: `backend-${state}`, since, subject, message, hint };
    });
}

const FAULT_HINTS: Readonly<Partial<Record<BackendStatus["state"], string>>> = {
  down: "look at the backend; `bal doctor` runs the same check from this host",
  ejected: "dials for clients failed: look at the backend; bal tries it again by itself",
  unresolved: "`getent hosts NAME` shows what this host knows about the name",
};

/** Backends and queues without room. */
function fullness({ name, backends, queue }: PoolStatus): readonly Found[] {
  const open = backends.filter(isAvailable);
  const full = open.filter(isFull);
  if (full.length === 0) return [];
  if (full.length < open.length) {
    return full.map((backend) => {
      const subject = `${name}/${backend.name}`;
      const message = `${subject} is full: ${share(backend)}; new clients go to others of its pool`;
      const hint = "raise its max_connections, or add a backend";
      return { severity: "warning", code: "backend-full", subject, message, hint };
    });
  }
  const [first] = full;
  const those =
    full.length === 1 && first !== undefined
      ? `its backend has ${share(first)}`
      : `all ${full.length} backends have reached their max_connections`;
  const isQueueFull = queue.length >= queue.size;
  const next =
    queue.size === 0
      ? "new clients are refused"
      : isQueueFull
        ? `the queue is full as well (${queue.length} of ${queue.size}): new clients are refused`
        : `${plural(queue.length, "client")} of at most ${queue.size} in the queue`;
  return [
    {
      severity: isQueueFull ? "critical" : "warning",
      code: isQueueFull && queue.size > 0 ? "queue-full" : "pool-full",
      subject: `pool ${name}`,
      message: `pool ${name} is full: ${those}; ${next}`,
      hint: "raise max_connections or the queue's size, or add a backend",
    },
  ];
}

function isFull({ active, max_connections }: BackendStatus): boolean {
  return max_connections > 0 && active >= max_connections;
}

function share({ active, max_connections }: BackendStatus): string {
  return `${active} of ${max_connections} connections`;
}

// That a pool is served all the same, by an old answer or by what is configured, is no reason to be quiet.
function undiscovered({ name, discover, backends }: PoolStatus): readonly Found[] {
  if (discover === undefined || discover.state === "resolved" || backends.length === 0) return [];
  const rest =
    discover.state === "stale" ? "its last answer is in use" : "it has no backends from this name";
  return [
    {
      severity: "error",
      code: "discovery-fails",
      subject: `pool ${name}`,
      message: `${discover.name} of pool ${name} ${howFar(discover)}: ${rest}`,
      hint: "check what the name server answers; `resolver.servers` lists the servers",
    },
  ];
}

function leftOut({ name, discover }: PoolStatus): readonly Found[] {
  const { left_out } = discover ?? {};
  if (discover === undefined || left_out === undefined) return [];
  return [
    {
      severity: "warning",
      code: "discovery-cut",
      subject: `pool ${name}`,
      message: `pool ${name} leaves out ${plural(left_out, "backend")} of ${discover.name}`,
      hint: "raise its discover.max if they are intended; the log has the limit (discovery-cut)",
    },
  ];
}

/** Set by hand so long ago that it may have been forgotten. */
function oldOverrides({ name, backends }: PoolStatus, nowMs: number): readonly Found[] {
  return backends.flatMap(({ name: backend, override, override_since: since }) => {
    if (override === undefined || since === undefined) return [];
    if (nowMs - Date.parse(since) < DAY_MS) return [];
    const subject = `${name}/${backend}`;
    const what = [
      ...(override.drain === undefined ? [] : [override.drain ? "a drain" : "no drain"]),
      ...(override.weight === undefined ? [] : [`weight ${override.weight}`]),
    ].join(" and ");
    const message = `${subject} has had ${what}, set by an operator, for more than a day`;
    const hint = override.drain
      ? `use \`bal undrain ${subject}\`, or write it into the config`
      : "write it into the config, where others can see it";
    return [{ severity: "warning", code: "override-old", since, subject, message, hint }];
  });
}

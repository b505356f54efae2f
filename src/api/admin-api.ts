// The JSON of the admin API, as the process writes it and its clients read it. The names are public:
// see docs/admin-api.md.

import type { Change } from "../config/change.ts";
import type { Diagnostic } from "../config/diagnostics.ts";
import type { BackendState } from "../shared/health-bits.ts";
import type { SessionStage } from "../shared/session-facts.ts";
import type { Problem } from "./problems.ts";

/** The settings of a backend that an operator has changed; an absent key is as in the config. */
export type Override = {
  readonly drain?: boolean;
  /** 0..256 */
  readonly weight?: number;
};

export type CheckStatus = {
  /** Since bal has known the backend. */
  readonly passed: number;
  readonly failed: number;
  /** How the last check ended; null before the first. */
  readonly last: "passed" | "failed" | null;
  /** How many checks in a row, the last one included, ended like it. */
  readonly in_a_row: number;
  /** So many in a row make the backend up (`rise`) or down (`fall`). */
  readonly needed: number;
};

export type BackendStatus = {
  readonly name: string;
  /** `10.0.0.1:443`, `unix:/run/app.sock`: as the config has it. */
  readonly address: string;
  /** It serves only when no primary can. */
  readonly backup: boolean;
  readonly state: BackendState;
  /** Since when it is in that state, ISO 8601 in UTC. */
  readonly since: string;
  /** Why it is not up, by the last check or dial; or null. */
  readonly reason: string | null;
  /** How long it was down, ejected or unresolved in all, in seconds. */
  readonly down_s: number;
  /** The weight in force: the override's, else the config's. */
  readonly weight: number;
  readonly active: number;
  /** 0: no limit. */
  readonly max_connections: number;
  readonly total: number;
  /** Client → backend. */
  readonly bytes_up: number;
  readonly bytes_down: number;
  readonly dial_errors: number;
  /** Dials of it after another backend had failed the client. */
  readonly retries: number;
  /** How long the last check took; null before the first. */
  readonly check_ms: number | null;
  readonly check: CheckStatus;
  /** When the certificate ends that its last TLS check saw; absent where there was none. */
  readonly certificate_expires_at?: string;
  /** The operator's settings, over the config; absent when there are none. */
  readonly override?: Override;
  /** Since when; absent beside no override. */
  readonly override_since?: string;
};

/** A backend after a change by hand. */
export type Steered = BackendStatus & {
  /** Why the change will not outlast a restart; absent when it will. */
  readonly unsaved?: string;
};

/** One of `sni`, `alpn`, `default` and `tls`, and one of `pool` and `refuse`. */
type RouteStatus = {
  readonly sni?: readonly string[];
  readonly alpn?: readonly string[];
  readonly default?: true;
  readonly tls?: false;
  readonly pool?: string;
  readonly refuse?: true;
};

export type ListenerStatus = {
  readonly name: string;
  /** `0.0.0.0:9295`, `[::]:9000-9010`, `unix:/run/edge.sock` */
  readonly address: string;
  /** Null: its `routes` tell. */
  readonly pool: string | null;
  /** In the order of the config; absent beside a pool. */
  readonly routes?: readonly RouteStatus[];
  readonly active: number;
  /** 0: no limit of its own. */
  readonly max_connections: number;
  readonly accepted: number;
  readonly refused: number;
  /** The same by reason; only reasons that occurred. */
  readonly refused_by: Readonly<Record<string, number>>;
};

/** How it stands with the name that a pool's backends are found by. */
export type DiscoverStatus = {
  readonly name: string;
  /** `stale`: the last look-up has failed, and the answer before it is in use; `unresolved`: there was
   *  none yet. */
  readonly state: "resolved" | "stale" | "unresolved";
  /** Why the last look-up failed, or null. */
  readonly error: string | null;
  /** Backends of its answer that there is no room for; absent: none. */
  readonly left_out?: number;
};

export type PoolStatus = {
  readonly name: string;
  readonly method: string;
  /** Where it has backends from DNS. */
  readonly discover?: DiscoverStatus;
  /** No backend is up, and clients are sent to all that do not drain. */
  readonly failing_open: boolean;
  /** Clients that wait for a backend with room. */
  readonly queue: { readonly length: number; readonly size: number };
  readonly backends: readonly BackendStatus[];
};

/** How the last reload ended, no matter who asked for it. */
export type LastReload = {
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly by: ReloadSource;
  readonly result: "applied" | "refused";
  /** Why it was refused, or what is not in force yet; or null. */
  readonly error: string | null;
  readonly errors: readonly Diagnostic[];
};

/** `GET /v1/status` */
export type Status = {
  readonly pid: number;
  readonly version: string;
  readonly commit: string;
  readonly started_at: string;
  readonly uptime_s: number;
  readonly phase: "running" | "draining";
  readonly workers: number;
  readonly config: {
    readonly file: string | null;
    readonly generation: number;
    readonly loaded_at: string;
    /** Null: there was none since the start. */
    readonly last_reload: LastReload | null;
  };
  /** All connections together. */
  readonly limits: { readonly max_connections: number; readonly active: number };
  readonly listeners: readonly ListenerStatus[];
  readonly pools: readonly PoolStatus[];
  /** The present problems, the worst first. */
  readonly problems: readonly Problem[];
};

/** `GET /v1/config` */
export type ConfigInForce = Status["config"] & {
  /** The full form with every default; what is secret is `(hidden)`. */
  readonly config: { readonly [key: string]: unknown };
};

/** One connection; `GET /v1/sessions` has some. */
export type SessionStatus = {
  /** The same until it ends, whichever thread has it. */
  readonly id: string;
  readonly listener: string;
  /** `address:port`; null where it has none. */
  readonly client: string | null;
  readonly sni: string | null;
  /** Null before a backend is picked. */
  readonly pool: string | null;
  readonly backend: string | null;
  readonly age_s: number;
  /** Client → backend. */
  readonly bytes_up: number;
  readonly bytes_down: number;
  readonly phase: SessionStage;
};

/** One number a sample, the oldest first; null: there was none. */
export type Series = readonly (number | null)[];

/** Rates are averages over a sample; the rest is as it was at its end. */
type Tracked = {
  readonly active: Series;
  readonly connections_per_s: Series;
  readonly bytes_up_per_s: Series;
  readonly bytes_down_per_s: Series;
  /** The last check; in the total the slowest one. */
  readonly check_ms: Series;
};

/** `GET /v1/history`: at most an hour */
export type History = {
  readonly interval_s: number;
  /** When each sample ended, ISO 8601 in UTC. */
  readonly times: readonly string[];
  /** Connections are those that the listeners accepted; a dial is the mean over a sample. */
  readonly total: Tracked & { readonly refused_per_s: Series; readonly dial_ms: Series };
  /** Those that the config has, up to 512. */
  readonly backends: readonly (Tracked & { readonly pool: string; readonly name: string })[];
};

/**
 * - `state`: a backend went `from` one state `to` another
 * - `drain`: by hand, `from` and `to` true or false; `weight`: likewise, numbers
 * - `fail-open`: of a pool: no backend is up, and all that do not drain are tried; `from` and `to` true or
 *   false
 * - `reload`: `from` one generation `to` the next; `reload-failed`: the generation stays, but for what the
 *   reason says
 * - `worker`: `serving`, `hung` or `lost`
 * - `shutdown`: `draining`
 */
export type EventKind =
  | "state"
  | "drain"
  | "weight"
  | "fail-open"
  | "reload"
  | "reload-failed"
  | "worker"
  | "shutdown";

/** The `data` of an event of `GET /v1/events`. */
export type BalEvent = {
  /** ISO 8601 in UTC. */
  readonly time: string;
  readonly kind: EventKind;
  readonly pool: string | null;
  readonly backend: string | null;
  readonly from: string | number | boolean | null;
  readonly to: string | number | boolean | null;
  readonly reason: string | null;
};

/** Who asked for a reload. */
export type ReloadSource = "signal" | "watcher" | "api";

/** `POST /v1/reload`, 200. Without changes: the last reload that had some, and `unchanged: true`. */
export type ReloadReport = {
  readonly generation: number;
  readonly unchanged: boolean;
  readonly loaded_at: string;
  /** "start" before the first reload. */
  readonly by: ReloadSource | "start";
  readonly changes: readonly Change[];
  /** The numbers of those that are in both, the same or changed. */
  readonly kept: { readonly listeners: number; readonly backends: number };
  readonly warnings: readonly Diagnostic[];
};

/** `POST /v1/diff`, 200: what a reload would change. */
export type Preview = {
  /** That is in force, and stays so. */
  readonly generation: number;
  readonly changes: readonly Change[];
  readonly warnings: readonly Diagnostic[];
};

/** How long the new process of an upgrade may take until it serves; default of `within_ms`. */
export const UPGRADE_MS = 30_000;

/** `POST /v1/upgrade` */
export type UpgradeRequest = {
  /** Absolute; null: the one that runs. */
  readonly binary: string | null;
  /** How long the new process may take until it serves. */
  readonly withinMs: number;
};

/** `POST /v1/upgrade`, 200: who serves now. */
export type UpgradeReport = {
  readonly pid: number;
  readonly version: string;
  readonly commit: string;
  readonly binary: string;
  /** Sessions that go on in the old process. */
  readonly left: number;
};

export type ApiError = {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** The stderr of a new process that did not come up. */
  readonly output?: string;
};

/** The outcome of an action that reads the config file. */
type Outcome<Report> =
  | { readonly kind: "done"; readonly report: Report }
  /** 422: the file is not valid, or a socket could not be opened. Nothing has changed. */
  | { readonly kind: "failed"; readonly error: ApiError; readonly errors: readonly Diagnostic[] }
  /** 409: draining. */
  | { readonly kind: "refused"; readonly error: ApiError };

export type ReloadOutcome = Outcome<ReloadReport>;
export type PreviewOutcome = Outcome<Preview>;
export type UpgradeOutcome = Outcome<UpgradeReport>;

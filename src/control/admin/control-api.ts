// The interface of the process that the admin server calls.
import type {
  ApiError,
  ConfigInForce,
  History,
  Override,
  PreviewOutcome,
  ReloadOutcome,
  ReloadSource,
  SessionStatus,
  Status,
  Steered,
  UpgradeOutcome,
  UpgradeRequest,
} from "../../api/admin-api.ts";
import type { SessionOrder } from "../../shared/session-facts.ts";
import type { Family } from "../metrics/exposition.ts";

/** A config that stands in no file of this process. */
export type ConfigSource = {
  readonly config: string;
  /** The file's name in diagnostics. */
  readonly file: string;
};

/** The outcome of a change by hand. */
type OverrideOutcome =
  | { readonly kind: "done"; readonly backend: Steered }
  /** There is no such backend. */
  | { readonly kind: "unknown" }
  /** It cannot be changed now, such as during an upgrade. */
  | { readonly kind: "refused"; readonly error: ApiError };

export type ControlApi = {
  readonly status: () => Status;
  readonly config: () => ConfigInForce;
  readonly metrics: () => readonly Family[];
  /** The newest samples, so many at most. */
  readonly history: (last: number) => History;
  /** So many, the largest or the oldest first. */
  readonly sessions: (sort: SessionOrder, limit: number) => Promise<readonly SessionStatus[]>;
  /** Ends one. False: there is none of that id. */
  readonly killSession: (id: string) => Promise<boolean>;
  readonly reload: (by: ReloadSource) => Promise<ReloadOutcome>;
  /** Null: of the file that a reload would read. */
  readonly preview: (source: ConfigSource | null) => Promise<PreviewOutcome>;
  /** Changes a backend until further notice; `change` null takes it back. */
  readonly override: (
    pool: string,
    backend: string,
    change: Override | null,
  ) => Promise<OverrideOutcome>;
  readonly upgrade: (request: UpgradeRequest) => Promise<UpgradeOutcome>;
  /** Begins a drain, or ends one at once. Returns the sessions that are left. */
  readonly stop: (now: boolean) => { readonly active: number };
  /** Resolves when there is something to tell: bal serves, or it ends before it does. */
  readonly started: Promise<void>;
  /** Every listener is bound and it is not draining. */
  readonly isReady: () => boolean;
};

// The problems of a bal, as its status lists them. The process makes the list, in one place
// (control/observe/problems/); whatever shows it takes it as it is.

/** `critical`: clients are refused, or no backend is up. `error`: something is broken, and clients are
 *  served. `warning`: it will be, or it is worth a look. */
export type Severity = "critical" | "error" | "warning";

export const SEVERITIES = ["critical", "error", "warning"] as const satisfies readonly Severity[];

export type Problem = {
  readonly severity: Severity;
  /** A stable word: `backend-down`, `config-refused`. */
  readonly code: string;
  /** Since when it lasts, ISO 8601 in UTC. */
  readonly since: string;
  /** `web/10.0.0.1:443`, `pool web`, `listener edge`, `config`. */
  readonly subject: string;
  /** A sentence that names the subject. */
  readonly message: string;
  /** The remedy. */
  readonly hint: string;
};

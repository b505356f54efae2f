// The admin API as the CLI calls it: typed, over the home's unix socket.
import { BalError } from "../../base/errors.ts";
import { codeOf } from "../../base/os-error.ts";
import type { Diagnostic } from "../../config/diagnostics.ts";
import type { ApiError, ReloadReport, Status } from "./api.ts";

/** What a request came to. */
export type Answer<T> =
  | { readonly kind: "ok"; readonly body: T }
  | { readonly kind: "failed"; readonly error: ApiError; readonly errors: readonly Diagnostic[] }
  /** Nobody answers at the socket. */
  | { readonly kind: "absent" };

type Failure = { readonly error: ApiError; readonly errors?: readonly Diagnostic[] };

const TIMEOUT_MS = 30_000;

export class AdminClient {
  private readonly socketPath: string;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  status(): Promise<Answer<Status>> {
    return this.request("GET", "/v1/status");
  }

  reload(): Promise<Answer<ReloadReport>> {
    return this.request("POST", "/v1/reload");
  }

  stop(now: boolean): Promise<Answer<{ active: number }>> {
    return this.request("POST", "/v1/stop", { now });
  }

  private async request<T>(method: string, path: string, body?: object): Promise<Answer<T>> {
    try {
      const response = await fetch(`http://bal${path}`, {
        unix: this.socketPath,
        method,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(body && { body: JSON.stringify(body) }),
      });
      // The server is of the same make: its JSON is what api.ts says.
      if (response.ok) return { kind: "ok", body: (await response.json()) as T };
      const { error, errors = [] } = (await response.json()) as Failure;
      return { kind: "failed", error, errors };
    } catch (cause) {
      if (isAbsent(cause)) return { kind: "absent" };
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new BalError("no-answer", `bal does not answer at ${this.socketPath}: ${why}`, {
        cause,
      });
    }
  }
}

function isAbsent(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOENT" || code === "ECONNREFUSED" || code === "FailedToOpenSocket";
}

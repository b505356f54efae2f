// The admin API as the CLI calls it: typed, over the home's unix socket.
import { BalError } from "../base/errors.ts";
import { codeOf } from "../base/os-error.ts";
import type { Diagnostic } from "../config/diagnostics.ts";
import type { SessionOrder } from "../shared/session-facts.ts";
import type {
  ApiError,
  BalEvent,
  ConfigInForce,
  History,
  Override,
  Preview,
  ReloadReport,
  SessionStatus,
  Status,
  Steered,
  UpgradeReport,
  UpgradeRequest,
} from "./admin-api.ts";
import { eventsOf } from "./event-stream.ts";

/** The result of a request. */
export type Answer<T> =
  | { readonly kind: "ok"; readonly body: T }
  | { readonly kind: "failed"; readonly error: ApiError; readonly errors: readonly Diagnostic[] }
  /** Nobody answers at the socket. */
  | { readonly kind: "absent" };

type EventAnswer = {
  readonly kind: "ok";
  /** With a time, until nothing has come for so long; null: as long as bal sends. */
  readonly read: (quietMs: number | null) => AsyncGenerator<BalEvent>;
};

type Failure = { readonly error: ApiError; readonly errors?: readonly Diagnostic[] };

/** One that is well answers within milliseconds; people wait no longer to hear that it is not. */
export const ANSWER_MS = 5000;
/** A reload waits for names and threads, and perhaps for another reload before it. */
const RELOAD_MS = 30_000;

/** More than the status of 4,096 backends, or a long list of sessions, has. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

export type BackendName = { readonly pool: string; readonly backend: string };

type Request = {
  /** What the answer has lists of: one without them is of another program, or of another version. */
  readonly lists?: readonly string[];
  readonly method?: "GET" | "POST" | "PATCH" | "DELETE";
  readonly withinMs?: number;
  readonly body?: object;
};

type ClientOptions = {
  readonly answerMs?: number;
  /** Is there a bal that has only just begun? It is waited for. */
  readonly isStarting?: () => boolean;
};

const CHANGES = ["changes", "warnings"];

/** How soon one that starts is asked again. */
const RETRY_MS = 20;

/** Its methods throw BalError `no-answer`, `not-permitted` or `not-bal`. */
export class AdminClient {
  private readonly socketPath: string;
  private readonly answerMs: number;
  private readonly isStarting: () => boolean;

  constructor(socketPath: string, options: ClientOptions = {}) {
    const { answerMs = ANSWER_MS, isStarting = () => false } = options;
    this.socketPath = socketPath;
    this.answerMs = answerMs;
    this.isStarting = isStarting;
  }

  status(): Promise<Answer<Status>> {
    return this.request("/v1/status", { lists: ["listeners", "pools", "problems"] });
  }

  config(): Promise<Answer<ConfigInForce>> {
    return this.request("/v1/config");
  }

  /** The newest samples, so many at most. */
  history(last: number): Promise<Answer<History>> {
    return this.request(`/v1/history?last=${last}`, { lists: ["times", "backends"] });
  }

  sessions(
    sort: SessionOrder,
    limit: number,
  ): Promise<Answer<{ sessions: readonly SessionStatus[] }>> {
    return this.request(`/v1/sessions?sort=${sort}&limit=${limit}`, { lists: ["sessions"] });
  }

  killSession(id: string): Promise<Answer<{ id: string; end: string }>> {
    return this.request(`/v1/sessions/${encodeURIComponent(id)}`, { method: "DELETE" });
  }

  async reload(): Promise<Answer<ReloadReport>> {
    // It is known sooner whether anybody is there than what became of the reload.
    const status = await this.greet();
    if (status.kind !== "ok") return status;
    return this.request("/v1/reload", { method: "POST", withinMs: RELOAD_MS, lists: CHANGES });
  }

  /** Compares with the file that a reload would read; with `source`, with that text, which `file` is called. */
  diff(source: { config: string; file: string } | null = null): Promise<Answer<Preview>> {
    const body = source === null ? {} : { body: source };
    const options = { method: "POST", withinMs: RELOAD_MS, lists: CHANGES, ...body } as const;
    return this.request("/v1/diff", options);
  }

  /** The last of what happened, then what happens. */
  async events(last: number): Promise<EventAnswer | { readonly kind: "absent" }> {
    const status = await this.greet();
    if (status.kind === "absent") return status;
    const response = await fetch(`http://bal/v1/events?last=${last}`, { unix: this.socketPath });
    const { body } = response;
    if (!response.ok || body === null) {
      throw new BalError("no-answer", `bal refuses to send its events: ${response.status}`);
    }
    return { kind: "ok", read: (quietMs) => eventsOf(body, quietMs) };
  }

  override({ pool, backend }: BackendName, change: Override): Promise<Answer<Steered>> {
    const path = `/v1/pools/${encodeURIComponent(pool)}/backends/${encodeURIComponent(backend)}`;
    return this.request(path, { method: "PATCH", body: change });
  }

  async upgrade({ binary, withinMs }: UpgradeRequest): Promise<Answer<UpgradeReport>> {
    const status = await this.greet();
    if (status.kind !== "ok") return status;
    const body = { ...(binary !== null && { binary }), within_ms: withinMs };
    // It may wait for a reload before it.
    const options = { method: "POST", withinMs: withinMs + RELOAD_MS, body } as const;
    return this.request("/v1/upgrade", options);
  }

  stop(now: boolean): Promise<Answer<{ active: number }>> {
    return this.request("/v1/stop", { method: "POST", body: { now } });
  }

  /** Is anybody there? Also a bal of another version, which may be reloaded or replaced. */
  private greet(): Promise<Answer<object>> {
    return this.request("/v1/status");
  }

  private async request<T>(path: string, options: Request = {}): Promise<Answer<T>> {
    const deadlineMs = performance.now() + (options.withinMs ?? this.answerMs);
    for (;;) {
      const answer = await this.requestOnce<T>(path, options);
      const isOver = answer.kind !== "absent" || performance.now() >= deadlineMs;
      if (isOver || !this.isStarting()) return answer;
      await Bun.sleep(RETRY_MS);
    }
  }

  private async requestOnce<T>(path: string, options: Request): Promise<Answer<T>> {
    const { method = "GET", withinMs = this.answerMs, body, lists = [] } = options;
    try {
      const response = await fetch(`http://bal${path}`, {
        unix: this.socketPath,
        method,
        signal: AbortSignal.timeout(withinMs),
        ...(body && { body: JSON.stringify(body) }),
      });
      const answer = await objectIn(response);
      if (answer === null) throw notBal(this.socketPath);
      // The server is of the same make: its JSON is what admin-api.ts says.
      if (response.ok && hasLists(answer, lists)) return { kind: "ok", body: answer as T };
      const { error, errors = [] } = answer as Failure;
      if (typeof error?.message !== "string" || !Array.isArray(errors)) {
        throw notBal(this.socketPath);
      }
      return { kind: "failed", error, errors };
    } catch (cause) {
      if (isAbsent(cause)) return { kind: "absent" };
      if (cause instanceof BalError) throw cause;
      throw this.failure(cause, withinMs);
    }
  }

  private failure(cause: unknown, withinMs: number): BalError {
    const code = codeOf(cause);
    if (code === "EACCES" || code === "EPERM") {
      return new BalError("not-permitted", `this user may not use ${this.socketPath}`, {
        hint: "run it as the user that started bal, or as root",
        cause,
      });
    }
    const isLate = cause instanceof Error && cause.name === "TimeoutError";
    const why = isLate ? `within ${withinMs / 1000} s` : `(${code ?? String(cause)})`;
    const message = `bal does not answer at ${this.socketPath} ${why}`;
    return new BalError("no-answer", message, { cause });
  }
}

/** The JSON object of an answer; null: it is none, or has no end. */
async function objectIn(response: Response): Promise<object | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) return null;
    chunks.push(chunk);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString());
    return typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function hasLists(answer: object, names: readonly string[]): boolean {
  const lists = answer as Readonly<Record<string, unknown>>;
  return names.every((name) => Array.isArray(lists[name]));
}

function notBal(path: string): BalError {
  return new BalError(
    "not-bal",
    `the process that answers at ${path} is not bal, or another version of it`,
    {
      hint: "see which process listens there: ss -lxp",
    },
  );
}

/** ENOTDIR: what should be the home is a file. */
const ABSENT = new Set(["ENOENT", "ENOTDIR", "ECONNREFUSED", "FailedToOpenSocket"]);

function isAbsent(error: unknown): boolean {
  return ABSENT.has(codeOf(error) ?? "");
}

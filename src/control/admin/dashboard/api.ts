// The admin API as this page asks it.
import type { ApiError, BackendStatus, BalEvent, History, Status } from "../../../api/admin-api.ts";
import { eventsOf } from "../../../api/event-stream.ts";

export type Reply<T> =
  | { readonly kind: "ok"; readonly body: T }
  /** It wants the token, or another one. */
  | { readonly kind: "unauthorized" }
  | { readonly kind: "refused"; readonly message: string }
  /** Nobody answers. */
  | { readonly kind: "away" };

/** The tab's, and gone with it. */
const STORED_TOKEN = "bal-token";
const ANSWER_MS = 5000;
const PAST_EVENTS = 200;
const RECONNECT_MS = 2000;

/** Where the page is, which a proxy may have put under a path of its own. */
const BASE = location.pathname.replace(/\/?$/, "/");

/** The server's clock less this one. */
let skewMs = 0;

/** By the clock of the host where bal runs, to a second. */
export function serverNowMs(): number {
  return Date.now() + skewMs;
}

export function storeToken(token: string): void {
  sessionStorage.setItem(STORED_TOKEN, token);
}

export function hasToken(): boolean {
  return sessionStorage.getItem(STORED_TOKEN) !== null;
}

export function getStatus(): Promise<Reply<Status>> {
  return ask("v1/status");
}

/** So many of the newest samples at most; all of the last hour without a number. */
export function getHistory(last: number | null): Promise<Reply<History>> {
  return ask(last === null ? "v1/history" : `v1/history?last=${last}`);
}

export function setDrain(
  pool: string,
  backend: string,
  drain: boolean,
): Promise<Reply<BackendStatus>> {
  const path = `v1/pools/${encodeURIComponent(pool)}/backends/${encodeURIComponent(backend)}`;
  return ask(path, { method: "PATCH", body: JSON.stringify({ drain }) });
}

/** Reads what happened lately, then events for ever, over as many connections as it takes. */
export async function readEvents(onEvent: (event: BalEvent) => void): Promise<never> {
  let newest = "";
  for (;;) {
    try {
      // EventSource would read the same, but sends no token.
      const { ok, body } = await fetch(`${BASE}v1/events?last=${PAST_EVENTS}`, {
        headers: headers(),
      });
      if (ok && body !== null) {
        const known = newest;
        for await (const event of eventsOf(body, null)) {
          // Each connection begins with the same past.
          if (event.time <= known) continue;
          newest = event.time;
          onEvent(event);
        }
      }
    } catch {
      // It has ended, or bal is away: the status shows that.
    }
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
  }
}

async function ask<T>(path: string, options: RequestInit = {}): Promise<Reply<T>> {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const response = await fetch(BASE + path, { ...options, headers: headers(), signal });
    const date = Date.parse(response.headers.get("date") ?? "");
    if (!Number.isNaN(date)) skewMs = date - Date.now();
    if (response.ok) return { kind: "ok", body: (await response.json()) as T };
    if (response.status === 401) return { kind: "unauthorized" };
    const { error } = (await response.json()) as { readonly error: ApiError };
    const hint = error.hint === undefined ? "" : ` (${error.hint})`;
    return { kind: "refused", message: `${error.message}${hint}` };
  } catch {
    return { kind: "away" };
  }
}

function headers(): HeadersInit {
  const token = sessionStorage.getItem(STORED_TOKEN);
  return token === null ? {} : { Authorization: `Bearer ${token}` };
}

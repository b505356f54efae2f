// The messages between the control plane and the threads of the data plane. Plain data; nothing is sent
// per connection. Everything that is counted goes over the board instead.

import type { AccessConfig } from "../config/config.ts";
import type { End } from "./end-reason.ts";
import type { AccessPlan, SessionLimits } from "./generation.ts";
import type { GenerationDelta } from "./generation-delta.ts";
import type { Peer, SessionFacts, SessionOrder, SessionSnapshot, Trace } from "./session-facts.ts";

export type ToWorker =
  | { readonly kind: "boot"; readonly worker: number; readonly board: SharedArrayBuffer }
  | { readonly kind: "apply"; readonly delta: GenerationDelta }
  /** Stop accepting; sessions live on. */
  | { readonly kind: "drain" }
  | ToAnyThread;

export type FromWorker =
  | FromAnyThread
  | { readonly kind: "applied"; readonly revision: number; readonly error: string | null }
  /** A backend's dials failed often enough in a row; its ejected bit is already set. */
  | { readonly kind: "ejected"; readonly slot: number; readonly error: string }
  /** Dials failed for a reason of this host's; at most once a second and thread. */
  | { readonly kind: "local-error"; readonly slot: number; readonly error: string }
  /** A client's first bytes were invalid; each thread reports at most one a second. */
  | BadPreread
  /** For this worker's splicer. */
  | { readonly kind: "promoted"; readonly session: SplicedSession };

export type ToSplicer =
  | {
      readonly kind: "boot";
      /** Its row on the board. */
      readonly row: number;
      readonly board: SharedArrayBuffer;
      /** The eventfd that announces messages while it sleeps. */
      readonly waker: number;
    }
  | { readonly kind: "splice"; readonly session: SplicedSession }
  | { readonly kind: "access-plan"; readonly plan: AccessPlan }
  | ToAnyThread;

export type FromSplicer = FromAnyThread;

/** To a worker or a splicer: whatever has sessions. */
export type ToAnyThread =
  | CloseBackend
  | AskSessions
  | KillSession
  | FlushAccess
  /** Give back the memory that the few sessions that are left do not need. */
  | { readonly kind: "trim" }
  /** Reset every session that is left. */
  | { readonly kind: "cut" };

export type FromAnyThread =
  /** Booted. */
  { readonly kind: "ready" } | SessionsAnswer | AccessFlushed | AccessLines | Fault;

/** Reset the sessions of a backend that is down. */
type CloseBackend = { readonly kind: "close-backend"; readonly slot: number };

/** `query` comes back with the answer. */
export type AskSessions = {
  readonly kind: "ask-sessions";
  readonly query: number;
  readonly sort: SessionOrder;
  readonly limit: number;
};

export type KillSession = {
  readonly kind: "kill-session";
  readonly query: number;
  readonly id: string;
};

export type SessionsAnswer =
  | {
      readonly kind: "sessions";
      readonly query: number;
      /** In order, `limit` at most. */
      readonly sessions: readonly SessionFacts[];
    }
  | { readonly kind: "session-killed"; readonly query: number; readonly isDone: boolean };

/** Sends what it has of the access log before it answers. */
export type FlushAccess = { readonly kind: "flush-access"; readonly query: number };

export type AccessFlushed = { readonly kind: "access-flushed"; readonly query: number };

/** Lines of the access log, made by the plan that names the file. */
export type AccessLines = {
  readonly kind: "access";
  readonly file: AccessConfig["file"];
  readonly lines: number;
  /** Without the newline at its end. */
  readonly text: string;
};

export type BadPreread = {
  readonly kind: "bad-preread";
  /** Its row on the board. */
  readonly listener: number;
  readonly end: End;
  /** `address:port` */
  readonly client: string;
  /** In words: what is wrong with them. */
  readonly detail: string;
};

/** A fault of our own; the session it met is ended. */
export type Fault = { readonly kind: "fault"; readonly message: string };

/** A session on its way from a worker to its splicer. The thread that has it owns the descriptors. */
export type SplicedSession = {
  readonly client: number;
  readonly backend: number;
  /** client → backend */
  readonly up: KernelPipe;
  readonly down: KernelPipe;
  /** Rows on the board, where it is counted for the splicer already. */
  readonly listener: number;
  readonly slot: number;
  readonly limits: SessionLimits;
  /** Where its client's address is counted; −1: it is not. */
  readonly clientCell: number;
  /** When its max_lifetime is over; Infinity: it has none. This and the next one by CLOCK_MONOTONIC: it may
   *  be under way for a while. */
  readonly endAtMs: number;
  /** When its client was accepted. */
  readonly startedAtMs: number;
  /** Its client. */
  readonly peer: Peer;
  readonly snapshot: SessionSnapshot;
  readonly trace: Trace | null;
};

type KernelPipe = { readonly read: number; readonly write: number };

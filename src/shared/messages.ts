// What the control plane and a worker say to each other. Plain data; nothing is sent per
// connection. Everything that is counted goes over the board instead.
import type { Endpoint } from "../base/address.ts";
import type { ListenAddress } from "../base/listen-address.ts";
import type {
  AccessConfig,
  ListenerLimits,
  Method,
  Overload,
  ProxyAcceptConfig,
  ProxyProtocol,
  Refuse,
} from "../config/config.ts";
import type { End } from "./end-reason.ts";

export type GenerationBackend = {
  /** Its row on the board. */
  readonly slot: number;
  readonly name: string;
  /** 0..256 */
  readonly weight: number;
  /** Sessions at a time, over all threads; 0: no bound. */
  readonly maxConnections: number;
  /** The lowest one that has an eligible backend serves. */
  readonly tier: number;
  /** What tells it who the client is. */
  readonly proxyProtocol: ProxyProtocol;
  /** What is hashed: its address as configured. */
  readonly origin: string;
  /** In the order to try; empty while its name does not resolve. */
  readonly endpoints: readonly Endpoint[];
};

export type GenerationPool = {
  /** Its cursor on the board. */
  readonly slot: number;
  readonly name: string;
  readonly method: Method;
  /** Of source_hash: what a backend may have, in percent of its share; 0: no bound. */
  readonly boundPercent: number;
  /** Clients that may wait while all are full, over all threads, and how long each. */
  readonly queue: { readonly size: number; readonly timeoutMs: number };
  readonly backends: readonly GenerationBackend[];
};

export type GenerationListener = {
  /** Its row on the board. */
  readonly slot: number;
  readonly name: string;
  readonly address: ListenAddress;
  /** Listening descriptors to dup and adopt: the worker's own, and those of a worker that is being
   *  replaced. Empty where the platform has none to assignSockets: the worker listens by itself. */
  readonly fds: readonly number[];
  /** Index into the generation's pools; −1: `routes` tell. */
  readonly pool: number;
  readonly routes: readonly GenerationRoute[];
  readonly proxyProtocol: ProxyAcceptConfig;
  readonly limits: SessionLimits;
  readonly admission: Admission;
};

export type GenerationRoute = {
  readonly sni: readonly string[];
  readonly alpn: readonly string[];
  readonly isDefault: boolean;
  /** Index into the generation's pools; −1: its clients are refused. */
  readonly pool: number;
};

/** Whom a listener turns away before a byte is read. */
export type Admission = {
  /** CIDR blocks; null: everybody. */
  readonly allow: readonly string[] | null;
  /** Wins over `allow`. */
  readonly deny: readonly string[];
  readonly limits: ListenerLimits;
};

export type SessionLimits = {
  readonly connectMs: number;
  readonly connectTotalMs: number;
  /** From accept until all is there that is read before a backend is picked. */
  readonly prereadMs: number;
  readonly idleMs: number;
  readonly halfClosedMs: number;
  /** From accept to the end whatever happens, a tenth more or less; 0 is off. */
  readonly maxLifetimeMs: number;
  /** Further backends that one client may be tried on. */
  readonly retries: number;
  /** 0 is off. */
  readonly keepaliveMs: number;
  /** What a client that is refused sees. */
  readonly refuse: Refuse;
};

export type SpliceLimits = {
  /** Bytes in one direction that make a session bulk; Infinity: none is. */
  readonly afterBytes: number;
  /** Sessions that one splicer may have at a time. */
  readonly maxSessions: number;
};

/** All that a worker knows of the config; replaced whole by the next one. */
export type Generation = {
  /** Rises with every apply: reloads, DNS answers, workers that come and go. */
  readonly revision: number;
  readonly listeners: readonly GenerationListener[];
  readonly pools: readonly GenerationPool[];
  /** Sessions of all workers together. */
  readonly maxConnections: number;
  readonly overload: Overload;
  /** Bytes held for slow readers, all workers together. */
  readonly maxBufferedBytes: number;
  readonly splice: SpliceLimits;
  readonly access: AccessPlan;
};

/** What becomes of a session's end in the access log; null: nothing. */
export type AccessPlan = AccessConfig | null;

/** A session on its way from a worker to its splicer. Whoever has it owns the descriptors. */
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

/** What the access log tells of a session before its end. Times in milliseconds; null: it did not come to
 *  that. */
export type Trace = {
  readonly listener: string | null;
  /** `address:port` */
  readonly client: string | null;
  /** The last one that it was tried on; of the pool, its listener's until then. */
  pool: string | null;
  backend: string | null;
  /** Connects that were begun. */
  attempts: number | null;
  queueMs: number | null;
  dialMs: number | null;
  /** From accept until a backend was connected. */
  connectedAfterMs: number | null;
  /** From then until the backend's first byte. */
  firstByteMs: number | null;
};

export type Peer = { readonly remoteAddress: string; readonly remotePort: number };

/** What a session takes along to another thread. */
export type SessionSnapshot = {
  /** Its id's: that of the thread where it began, and its number there. */
  readonly idPrefix: string;
  readonly number: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** What its ClientHello asked for; null: nothing, or it was not read. */
  readonly sni: string | null;
};

export type SessionStage = "preread" | "queued" | "dialing" | "relaying" | "half_closed";

/** A session as an operator sees it. */
export type SessionFacts = {
  readonly id: string;
  /** Rows on the board; `slot` is −1 before a backend is picked. */
  readonly listener: number;
  readonly slot: number;
  /** `address:port` */
  readonly client: string;
  readonly sni: string | null;
  readonly ageMs: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly stage: SessionStage;
};

export type SessionOrder = "bytes" | "age";

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

type KernelPipe = { readonly read: number; readonly write: number };

export type ToWorker =
  | { readonly kind: "boot"; readonly worker: number; readonly board: SharedArrayBuffer }
  | { readonly kind: "apply"; readonly generation: Generation }
  /** Stop accepting; sessions live on. */
  | { readonly kind: "drain" }
  | CloseBackend
  | AskSessions
  | KillSession
  | FlushAccess
  /** Reset every session that is left. */
  | { readonly kind: "cut" };

/** Reset the sessions of a backend that is down. */
export type CloseBackend = { readonly kind: "close-backend"; readonly slot: number };

export type FromWorker =
  /** Booted; waits for its first generation. */
  | { readonly kind: "ready" }
  | { readonly kind: "applied"; readonly revision: number; readonly error: string | null }
  /** A backend's dials failed often enough in a row; its ejected bit is already set. */
  | { readonly kind: "ejected"; readonly slot: number; readonly error: string }
  /** Dials failed for a reason of this host's; at most once a second and thread. */
  | { readonly kind: "local-error"; readonly slot: number; readonly error: string }
  /** A client's first bytes were not what they have to be; at most one a second and thread is told. */
  | BadPreread
  /** For this worker's splicer. */
  | { readonly kind: "promoted"; readonly session: SplicedSession }
  | SessionsAnswer
  | AccessFlushed
  | AccessLines
  | Fault;

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

export type ToSplicer =
  | {
      readonly kind: "boot";
      /** Its row on the board. */
      readonly row: number;
      readonly board: SharedArrayBuffer;
      /** The eventfd that tells of messages while it sleeps. */
      readonly waker: number;
    }
  | { readonly kind: "splice"; readonly id: number; readonly session: SplicedSession }
  | { readonly kind: "access-plan"; readonly plan: AccessPlan }
  | CloseBackend
  | AskSessions
  | KillSession
  | FlushAccess
  /** Reset every session that is left. */
  | { readonly kind: "cut" };

export type FromSplicer =
  | { readonly kind: "ready" }
  /** The session's descriptors are about to be closed. */
  | { readonly kind: "released"; readonly id: number }
  | SessionsAnswer
  | AccessFlushed
  | AccessLines
  | Fault;

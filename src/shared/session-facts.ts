// The facts of a session: for the thread that has it, for one that takes it over, and for an operator who asks.

/** The facts that the access log has of a session before its end. Times in milliseconds; null: it did not come to
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

/** The state that a session takes along to another thread. */
export type SessionSnapshot = {
  /** Its id's: that of the thread where it began, and its number there. */
  readonly idPrefix: string;
  readonly number: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** The name that its ClientHello asked for; null: none, or it was not read. */
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

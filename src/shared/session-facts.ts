// What is known of a session: by the thread that has it, by one that takes it over, by an operator who asks.

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

// What the control plane and a worker say to each other. Plain data; nothing is sent per
// connection. Everything that is counted goes over the board instead.
import type { Endpoint } from "../base/address.ts";
import type { Method, Overload } from "../config/config.ts";

export type GenerationBackend = {
  /** Its row on the board. */
  readonly slot: number;
  readonly name: string;
  /** 0..256 */
  readonly weight: number;
  /** In the order to try; empty while its name does not resolve. */
  readonly endpoints: readonly Endpoint[];
};

export type GenerationPool = {
  /** Its cursor on the board. */
  readonly slot: number;
  readonly name: string;
  readonly method: Method;
  readonly backends: readonly GenerationBackend[];
};

export type GenerationListener = {
  /** Its row on the board. */
  readonly slot: number;
  readonly name: string;
  readonly bindAddress: string;
  readonly port: number;
  /** Listening descriptors to dup and adopt: the worker's own, and those of a worker that is being
   *  replaced. Empty where the platform has none to lend: the worker listens by itself. */
  readonly fds: readonly number[];
  /** Index into the generation's pools. */
  readonly pool: number;
};

export type SessionLimits = {
  readonly connectMs: number;
  readonly connectTotalMs: number;
  readonly idleMs: number;
  readonly halfClosedMs: number;
  /** Further backends that one client may be tried on. */
  readonly retries: number;
  /** 0 is off. */
  readonly keepaliveMs: number;
};

/** All that a worker knows of the config; replaced whole by the next one. */
export type Generation = {
  /** Rises with every apply: reloads, DNS answers, workers that come and go. */
  readonly revision: number;
  readonly listeners: readonly GenerationListener[];
  readonly pools: readonly GenerationPool[];
  readonly session: SessionLimits;
  /** Sessions of all workers together. */
  readonly maxConnections: number;
  readonly overload: Overload;
  /** Bytes held for slow readers, all workers together. */
  readonly maxBufferedBytes: number;
};

export type ToWorker =
  | { readonly kind: "boot"; readonly worker: number; readonly board: SharedArrayBuffer }
  | { readonly kind: "apply"; readonly generation: Generation }
  /** Stop accepting; sessions live on. */
  | { readonly kind: "drain" }
  /** Reset every session that is left. */
  | { readonly kind: "cut" };

export type FromWorker =
  /** Booted; waits for its first generation. */
  | { readonly kind: "ready" }
  | { readonly kind: "applied"; readonly revision: number; readonly error: string | null }
  /** A backend's dials failed often enough in a row; its ejected bit is already set. */
  | { readonly kind: "ejected"; readonly slot: number; readonly error: string }
  /** Dials failed for a reason of this host's; at most once a second and thread. */
  | { readonly kind: "local-error"; readonly slot: number; readonly error: string }
  /** A fault of our own; the session it met is ended. */
  | { readonly kind: "fault"; readonly message: string };

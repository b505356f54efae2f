// The messages between a bal and the one that takes its place, one after the other:
//
//   old  bequest ─►            ─► take-over            ─► farewell
//   new            ─► serving               ─► taken                 ─► drain, cut, reopen-logs
//
// They may be of different versions: what stands here is kept compatible, or FORMAT changes.
import type { BackendSnapshot } from "../backends/backend-snapshot.ts";
import type { KnownAnswers } from "../discovery/discovery.ts";
import type { Handed } from "../listeners/inherited-sockets.ts";

/** Rises when an older or newer one could not make sense of it. */
export const FORMAT = 1;

export type Handover = {
  readonly kind: "bequest";
  readonly format: number;
  /** The held lock of the home; null: the old one has none. */
  readonly lock: number | null;
  /** Where the old one's own stderr goes: until it is taken, what the new one says there is read. */
  readonly stderr: number;
  readonly sockets: readonly Handed[];
  /** Channels to those before, which have sessions left. */
  readonly predecessors: readonly number[];
  readonly backends: readonly BackendSnapshot[];
  /** Absent: the old one is of a version that did not tell. */
  readonly answers?: KnownAnswers;
};

export type ToNewProcess = Handover | { readonly kind: "take-over" | "farewell" };

export type Serving = {
  readonly kind: "serving";
  readonly version: string;
  readonly commit: string;
};

export type Failed = {
  readonly kind: "failed";
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
};

/** The orders to the process that serves, and to its predecessors with it. */
export type Word = "drain" | "cut" | "reopen-logs";

export type ToOldProcess = Serving | Failed | { readonly kind: "taken" | Word };

/** The message, if it is one of these. */
export function ofKind<T extends { readonly kind: string }>(
  message: unknown,
  ...kinds: readonly T["kind"][]
): T | null {
  if (typeof message !== "object" || message === null || !("kind" in message)) return null;
  return kinds.some((kind) => kind === message.kind) ? (message as unknown as T) : null;
}

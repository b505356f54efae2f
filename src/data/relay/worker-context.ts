// What every session of this thread shares: its row on the board, the registry of sessions, the
// budget of buffered bytes, and the way to the control plane.
import type { ConnectOptions } from "../../os/connect.ts";
import type { Board } from "../../shared/board.ts";
import type { End } from "../../shared/end-reason.ts";
import type { Fault, FromWorker } from "../../shared/messages.ts";
import type { AccessBatch } from "../access-log/access-batch.ts";
import type { ClientQueue } from "../dial/queue.ts";
import type { BufferBudget } from "./buffer-budget.ts";
import type { Session } from "./session.ts";

/** Names; null: it is gone. */
export type Place = {
  readonly listener: string | null;
  readonly pool: string | null;
  readonly backend: string | null;
};

export type WorkerContext = {
  /** Its row on the board. */
  readonly worker: number;
  readonly board: Board;
  readonly sessions: Set<Session>;
  /** What its sessions' ids begin with: of no other thread, nor of one that had its row before. */
  readonly mark: string;
  /** How many sessions have begun here. */
  lastSession: number;
  /** Those whose preread or dial has a deadline. */
  readonly pending: Set<Session>;
  readonly budget: BufferBudget;
  /** Where clients wait for a place on a full pool. */
  readonly lines: Set<ClientQueue>;
  /** A line has somebody who waits: it is to be served. */
  readonly watchLines: () => void;
  /** Begins a dial; `connectTo`, or what a test puts in its place. */
  readonly connect: (options: ConnectOptions<Session>) => number;
  readonly post: (message: Fault | Extract<FromWorker, { kind: "ejected" }>) => void;
  /** A client's first bytes were not what they have to be. */
  readonly reportBadPreread: (session: Session, end: End, detail: string) => void;
  /** A dial failed for a reason of this host's. */
  readonly reportLocalError: (slot: number, error: string) => void;
  /** A preread or a dial has begun: its deadline is to be kept. */
  readonly watchPending: () => void;
  /** Where ends of sessions are logged; null: nowhere. */
  access: AccessBatch | null;
  /** What is known of a listener and a backend by their rows on the board. */
  readonly placeOf: (listener: number, slot: number) => Place;
  /** Bytes in one direction after which a session is bulk; Infinity: never. */
  spliceAfterBytes: number;
  /** Hands a bulk session to this worker's splicer, if that can be now. */
  readonly promote: (session: Session) => void;
  /** A session has ended: there may be room for a client that waits. */
  readonly onSessionEnd: () => void;
};

/** A thread's mark: its row, and chance. */
export function newIdPrefix(row: number): string {
  return `${row}${Math.random().toString(36).slice(2, 6)}`;
}

/** Ends the sessions that a backend has. */
export function closeBackend(thread: WorkerContext | null, slot: number): void {
  for (const session of thread?.sessions ?? []) {
    if (session.slot === slot && session.phase === "relaying") session.end("backendDown");
  }
}

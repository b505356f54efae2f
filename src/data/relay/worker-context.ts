// The things that every session of this thread shares: its row on the board, the registry of sessions, the
// budget of buffered bytes, and the way to the control plane.
import type { ConnectOptions } from "../../os/connect.ts";
import type { Board } from "../../shared/board.ts";
import type { End } from "../../shared/end-reason.ts";
import type { Fault, FromWorker } from "../../shared/worker-messages.ts";
import type { BufferBudget } from "./buffer-budget.ts";
import type { DeliveryWatch } from "./delivery-watch.ts";
import type { UnsentBytes } from "./progress.ts";
import type { Session } from "./session.ts";

/** Names; null: it is gone. */
export type Place = {
  readonly listener: string | null;
  readonly pool: string | null;
  readonly backend: string | null;
};

/** The names that a session is logged under: its listener, and the pool where its listener has only one. */
export type LoggedAs = { readonly name: string; readonly poolName: string | null };

/** Where ends of sessions are logged. */
export type SessionLog = {
  readonly isEmpty: boolean;
  ended(session: Session, end: End, nowMs: number): void;
  /** A client was turned away before there was a session. */
  refused(as: LoggedAs, client: object, end: End): void;
  /** Sends the lines that it has. */
  flush(): void;
};

export type WorkerContext = {
  /** Its row on the board. */
  readonly worker: number;
  readonly board: Board;
  readonly sessions: Set<Session>;
  /** The prefix of its sessions' ids: no other thread has it, nor one that had its row before. */
  readonly idPrefix: string;
  /** How many sessions have begun here. */
  lastSession: number;
  /** Those in a step: its deadline is to be kept. */
  readonly pending: Set<Session>;
  readonly budget: BufferBudget;
  /** Listeners that have stopped accepting until there is room. */
  readonly paused: Set<{ resumeWhenRoom(): void }>;
  /** Queues in which clients of this thread wait for a place on a full pool. */
  readonly queues: Set<{ serve(): void }>;
  /** A client waits in a queue: it is to be served. */
  readonly watchQueues: () => void;
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
  access: SessionLog | null;
  /** The names of a listener and a backend by their rows on the board. */
  readonly placeOf: (listener: number, slot: number) => Place;
  /** Bytes in one direction after which a session is bulk; Infinity: never. */
  spliceAfterBytes: number;
  /** Bytes that were written to a socket and that its peer has not taken yet. */
  readonly unsentBytes: UnsentBytes;
  /** Sessions that end once their peer has its last bytes. */
  readonly deliveries: DeliveryWatch;
  /** Hands a bulk session to this worker's splicer, if that can be now. */
  readonly promote: (session: Session) => void;
  /** A session has ended: there may be room for a client that waits. */
  readonly onSessionEnd: () => void;
};

/** A thread's row, and chance. */
export function newIdPrefix(row: number): string {
  return `${row}${Math.random().toString(36).slice(2, 6)}`;
}

/** Ends the sessions that a backend has. */
export function closeBackend(thread: WorkerContext | null, slot: number): void {
  for (const session of thread?.sessions ?? []) {
    if (session.slot === slot && session.isRelaying) session.end("backendDown");
  }
}

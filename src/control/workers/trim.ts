// Gives back what the data plane needs no more when it only lives on for the sessions that are left.
import type { Board } from "../../shared/board.ts";
import type { SessionQueries } from "./session-query.ts";
import type { SplicerPool } from "./splicer-pool.ts";
import type { WorkerPool } from "./worker-pool.ts";

type TrimParts = {
  readonly board: Board;
  /** It accepts no more, and replaces no thread. */
  readonly crew: WorkerPool;
  readonly splicers: SplicerPool;
  readonly sessionDesk: SessionQueries;
};

/** Ends the threads without sessions. The others give memory back. */
export async function trim({ board, crew, splicers, sessionDesk }: TrimParts): Promise<void> {
  const idleWorkers = crew.living().filter((one) => board.threadSessions(one) === 0);
  const idleSplicers = splicers.idle();
  // A thread answers after all that it has sent before: its log lines, and sessions for its splicer.
  await sessionDesk.flushAccess();
  crew.endIdle(idleWorkers);
  splicers.endIdle(idleSplicers);
  crew.broadcast({ kind: "trim" });
  splicers.broadcast({ kind: "trim" });
}

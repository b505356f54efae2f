// Makes room when the buffer budget is used up, at the cost of those who hold it: clients that wait for a
// backend are not read, and sessions whose reader takes nothing end, longest stalled first. One whose reader
// reads goes on as it was.
import type { UnsentBytes } from "./progress.ts";
import type { Direction } from "./relay-types.ts";
import type { Session } from "./session.ts";
import type { WorkerContext } from "./worker-context.ts";

/** How often it looks, while the budget is used up. */
const LOOK_MS = 200;
/** Between two collections of garbage, of some 20 ms each. */
const COLLECT_MS = 200;
/** A reader that has taken nothing for so long is stalled; the sweep sees what readers take, once a second. */
const STALL_MS = 2000;
/** At this load of the budget nobody's time is waited for, in a thread that holds half of the limit itself: in
 *  another one a reader that reads may be the only one who holds anything. */
const FAR_OVER = 1.25;
/** Ends after all others. */
const DRAINS = -1;

/** Returns what is to be called when the budget is passed. */
export function memoryRelief(thread: WorkerContext): () => void {
  let timer: Timer | null = null;
  let collectedAtMs = 0;
  let isDue = false;
  const look = () => {
    isDue = false;
    const nowMs = performance.now();
    endStalled(thread, nowMs);
    // Only a collection turns what was let go into free memory.
    if (nowMs - collectedAtMs >= COLLECT_MS) {
      Bun.gc(true);
      collectedAtMs = performance.now();
    }
    if (thread.budget.isOver() || timer === null) return;
    clearInterval(timer);
    timer = null;
    thread.budget.release();
  };
  return () => {
    // Many sockets are read in one turn of the event loop: the next look would be too late.
    if (!isDue && thread.budget.load > FAR_OVER) {
      isDue = true;
      queueMicrotask(look);
    }
    if (timer !== null) return;
    timer = setInterval(look, LOOK_MS);
    for (const session of thread.pending) if (session.phase !== "preread") session.up.hold();
  };
}

function endStalled(thread: WorkerContext, nowMs: number): void {
  const { sessions, budget, unsentBytes } = thread;
  if (!budget.isOver()) return;
  const isUrgent = () => budget.load > FAR_OVER && budget.ownBytes > budget.limitBytes / 2;
  const leastMs = isUrgent() ? DRAINS : STALL_MS;
  const stalled = [...sessions]
    .map((session) => ({ session, stalledMs: stalledMsOf(session, nowMs, unsentBytes) }))
    .filter(({ stalledMs }) => stalledMs >= leastMs)
    .sort((a, b) => b.stalledMs - a.stalledMs);
  for (const { session, stalledMs } of stalled) {
    if (!budget.isOver() || (stalledMs < STALL_MS && !isUrgent())) return;
    session.end("maxBuffered");
  }
}

/** How long its reader has taken nothing; DRAINS: it reads, −Infinity: nothing is held for it. */
function stalledMsOf({ up, down }: Session, nowMs: number, unsentBytes: UnsentBytes): number {
  const stalled = [up, down]
    .filter((pipe) => pipe.pendingBytes > 0)
    .map((pipe) => (isDraining(pipe, unsentBytes) ? DRAINS : nowMs - pipe.stalledSinceMs));
  return Math.max(Number.NEGATIVE_INFINITY, ...stalled);
}

// The sweep's last look is up to a second old, or more where the thread is late.
function isDraining({ sink, bytes, progress }: Direction, unsentBytes: UnsentBytes): boolean {
  return sink !== null && progress.isMoving(bytes, unsentBytes(sink));
}

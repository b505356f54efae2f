// All deadlines of a thread by two coarse sweeps: no timer per session, none per chunk.
import { Lateness } from "../../base/lateness.ts";
import type { End } from "../../shared/end-reason.ts";
import type { Session } from "./session.ts";
import type { WorkerContext } from "./worker-context.ts";

/** How late an idle session may be ended. */
const SWEEP_MS = 1000;
/** How late a preread or a dial may be given up. */
const PENDING_SWEEP_MS = 50;
/** How long a side may stay that has got a whole stream, when the other side was reset after it; nginx's
 *  lingering_timeout. */
const LINGER_MS = 5000;

/** Begins the sweep that runs as long as the thread. `also` runs with it. */
export function startSweep(thread: WorkerContext, also: () => void): void {
  let sweptAtMs = performance.now();
  const lateness = new Lateness(SWEEP_MS, sweptAtMs);
  setInterval(() => {
    const nowMs = performance.now();
    thread.board.setLag(thread.worker, Math.max(0, nowMs - sweptAtMs - SWEEP_MS));
    sweptAtMs = nowMs;
    if (!lateness.isLate(nowMs)) {
      for (const session of thread.sessions) sweepSession(session, nowMs);
    }
    // Another thread may have made room.
    thread.budget.release();
    also();
  }, SWEEP_MS);
}

/** Returns the function that keeps the deadlines of steps from now on, until there are none. */
export function pendingWatch(pending: ReadonlySet<Session>): () => void {
  let timer: Timer | null = null;
  let lateness = new Lateness(PENDING_SWEEP_MS, 0);
  const sweep = () => {
    const nowMs = performance.now();
    if (lateness.isLate(nowMs)) return;
    for (const { step } of pending) {
      if (step !== null && nowMs >= step.deadlineMs) step.deadlinePassed();
    }
    if (pending.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
  return () => {
    if (timer !== null) return;
    lateness = new Lateness(PENDING_SWEEP_MS, performance.now());
    timer = setInterval(sweep, PENDING_SWEEP_MS);
  };
}

function sweepSession(session: Session, nowMs: number): void {
  const { up, down, thread } = session;
  up.observe(nowMs, thread.unsentBytes);
  down.observe(nowMs, thread.unsentBytes);
  if (!session.isRelaying) return;
  session.keepAlive();
  session.countBytes();
  if (nowMs >= session.endAtMs) return session.end("maxLifetime");
  const [limitMs, end] = quietLimit(session);
  const movedAtMs = Math.max(up.progress.movedAtMs, down.progress.movedAtMs);
  if (limitMs > 0 && nowMs - movedAtMs >= limitMs) session.end(end);
}

/** How long no byte may move, 0 for ever, and what it is called when it is over. */
function quietLimit(session: Session): readonly [number, End] {
  const { up, down, limits, lingering } = session;
  if (lingering !== null) {
    const last = up.state === "dead" ? down : up;
    const isFinSent = last.state === "finished" && !last.isCut;
    return [isFinSent ? LINGER_MS : limits.halfClosedMs, lingering];
  }
  if (session.phase === "half_closed") return [limits.halfClosedMs, "halfClosedTimeout"];
  return [limits.idleMs, "idleTimeout"];
}

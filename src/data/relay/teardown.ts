// How a relay ends, one direction after the other: the FIN of one side goes to the other behind its last byte,
// and a side that breaks takes the other with it, once that has what came before.
import type { End } from "../../shared/end-reason.ts";
import type { Direction, RelaySocket } from "./relay-types.ts";
import type { Phase, Session } from "./session.ts";

/** How a session ends whose client leaves before the relay. */
const CLIENT_GONE: Readonly<Partial<Record<Phase, End>>> = {
  preread: "clientGonePreread",
  queued: "clientGoneQueue",
  dialing: "clientGoneDial",
};

/** A pipe's source sends no more: its FIN has come, or all that there was before it broke. */
export function finished(session: Session, pipe: Direction): void {
  if (session.phase === "ended") return;
  if (session.phase === "preread") return session.end("clientGonePreread");
  pipe.hasEnded = true;
  if (session.step === null) session.phase = "half_closed";
  if (pipe.isCut) sourceOf(session, pipe)?.terminate();
  if (pipe.state === "dead") endLinger(session, session.reverse(pipe));
  else session.flush(pipe);
}

/** A pipe's source was reset, or broke when it was written to: it takes no more. What it has sent may still
 *  come, and the other side gets all of it: then FIN where that was the whole stream, else a reset. */
export function broke(session: Session, pipe: Direction): void {
  if (session.phase === "ended") return;
  const gone = CLIENT_GONE[session.phase];
  if (gone !== undefined) return session.end(gone);
  if (pipe.state === "dead") return session.end(session.lingering ?? resetReason(session, pipe));
  if (session.lingering !== null) return;
  session.lingering = resetReason(session, pipe);
  pipe.isCut = !pipe.hasEnded;
  if (pipe.hasEnded) sourceOf(session, pipe)?.terminate();
  session.reverse(pipe).kill();
  endLinger(session, pipe);
}

/** The sink of a pipe has everything: now the FIN. */
export function forwardEnd(session: Session, pipe: Direction): void {
  const reverse = session.reverse(pipe);
  const sink = sourceOf(session, reverse);
  pipe.state = "finished";
  if (pipe.isCut) return endLinger(session, pipe);
  if (reverse.state === "dead") {
    sink?.shutdown();
    return endLinger(session, pipe);
  }
  // A socket that has sent and got its FIN is closed at once: one call in place of a shutdown, a wakeup
  // and a close.
  if (reverse.hasEnded) sink?.close();
  else sink?.shutdown();
  if (reverse.state === "finished") session.end("finished");
}

// `pipe` is what remains of a session whose other direction is dead.
function endLinger(session: Session, pipe: Direction): void {
  const { lingering, thread } = session;
  if (lingering === null || pipe.state !== "finished") return;
  const reverse = session.reverse(pipe);
  const sink = sourceOf(session, reverse);
  if (pipe.isCut && sink !== null) thread.deliveries.add(session, sink, lingering);
  else if (reverse.hasEnded) session.end(lingering);
}

function sourceOf(session: Session, pipe: Direction): RelaySocket | null {
  return pipe === session.up ? session.client : session.backend;
}

function resetReason(session: Session, pipe: Direction): End {
  const isHalfClosed = session.phase === "half_closed";
  if (pipe === session.up) return isHalfClosed ? "clientResetHalfClosed" : "clientReset";
  return isHalfClosed ? "backendResetHalfClosed" : "backendReset";
}

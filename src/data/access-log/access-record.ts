// The access log's record of a session: begun at its accept, written once it has ended.
import type { AccessRecord } from "../../shared/access-line.ts";
import type { End } from "../../shared/end-reason.ts";
import type { Trace } from "../../shared/session-facts.ts";
import { clientName } from "../relay/client-address.ts";
import type { Session } from "../relay/session.ts";
import type { LoggedAs } from "../relay/worker-context.ts";

/** Begins a client's trace when it is let in: its socket may close before the session ends, and then has no address. */
export function beginTrace({ name, poolName }: LoggedAs, socket: object): Trace {
  return {
    listener: name,
    client: peerName(socket),
    pool: poolName,
    backend: null,
    attempts: 0,
    queueMs: 0,
    dialMs: null,
    connectedAfterMs: null,
    firstByteMs: null,
  };
}

/** The trace that another thread is sent. */
export function traceOf(session: Session): Trace {
  const trace = session.trace ?? lateTrace(session);
  return { ...trace, client: clientOf(session, trace) };
}

export function recordOf(session: Session, end: End, nowMs: number): AccessRecord {
  const trace = session.trace ?? lateTrace(session);
  const { bytesUp, bytesDown, sni } = session.snapshot();
  return {
    endedAtMs: Date.now(),
    listener: trace.listener,
    client: clientOf(session, trace),
    sni,
    pool: trace.pool,
    backend: trace.backend,
    attempts: trace.attempts,
    queueMs: trace.queueMs,
    dialMs: trace.dialMs,
    firstByteMs: trace.firstByteMs,
    durationMs: nowMs - session.startedAtMs,
    bytesUp,
    bytesDown,
    end,
  };
}

/** The record of a client that was turned away before there was a session. */
export function refusalRecord(
  { name, poolName }: LoggedAs,
  socket: object,
  end: End,
): AccessRecord {
  return {
    endedAtMs: Date.now(),
    listener: name,
    client: peerName(socket),
    sni: null,
    pool: poolName,
    backend: null,
    attempts: null,
    queueMs: null,
    dialMs: null,
    firstByteMs: null,
    durationMs: 0,
    bytesUp: 0,
    bytesDown: 0,
    end,
  };
}

/** Clients of sessions that began while nothing was logged. */
const noted = new WeakMap<object, string | null>();

/** The log is switched on. A closed socket has no port any more, and its address only where it was asked for
 *  (Bun 1.4.5). */
export function noteClient({ client }: Session): void {
  noted.set(client, peerName(client));
}

/** The trace of a session that began while nothing was logged: the facts that can be known yet. */
function lateTrace({ thread, listener, slot, client }: Session): Trace {
  return {
    ...thread.placeOf(listener, slot),
    client: noted.get(client) ?? peerName(client),
    attempts: null,
    queueMs: null,
    dialMs: null,
    connectedAfterMs: null,
    firstByteMs: null,
  };
}

// Whom a trusted peer has announced, else that peer.
function clientOf(session: Session, { client }: Trace): string | null {
  return session.announced === null ? client : clientName(session);
}

function peerName(socket: object): string | null {
  const name = clientName({ client: socket, announced: null });
  return name === "" ? null : name;
}

// The sessions of one thread, for an operator who asks: the first few by size or age, and one by its id.
import type { AskSessions, SessionFacts, SessionStage } from "../../shared/messages.ts";
import { clientName } from "../accept/client-address.ts";
import { idOf, pastOf } from "./past.ts";
import type { Session } from "./session.ts";
import type { WorkerContext } from "./worker-context.ts";

/** Sessions looked at in one turn of the event loop, so that the relay goes on between. */
const SLICE = 1024;

/** Gives the first ones, in order. What begins or ends meanwhile may be in it or not. */
export function listSessions(
  thread: WorkerContext | null,
  { sort, limit }: Pick<AskSessions, "sort" | "limit">,
  done: (sessions: readonly SessionFacts[]) => void,
): void {
  const all = (thread?.sessions ?? new Set<Session>()).values();
  const rank = sort === "age" ? ageRank : byteRank;
  let first: Session[] = [];
  const cut = () => {
    first = first
      .filter(({ phase }) => phase !== "ended")
      .sort((a, b) => rank(b) - rank(a))
      .slice(0, limit);
  };
  const turn = () => {
    for (let looked = 0; looked < SLICE; looked++) {
      const next = all.next();
      if (next.done) {
        cut();
        return done(first.map(factsOf));
      }
      first.push(next.value);
      // Sorted once for each time that it has doubled: cheap, and never more than that in hand.
      if (first.length >= 2 * limit + SLICE) cut();
    }
    setImmediate(turn);
  };
  turn();
}

/** Ends the one that has this id, and says whether there is one. */
export function killSession(thread: WorkerContext | null, id: string): boolean {
  const number = Number(id.slice(id.lastIndexOf("-") + 1));
  for (const session of thread?.sessions ?? []) {
    if (session.number !== number || idOf(session) !== id) continue;
    session.end("killed");
    return true;
  }
  return false;
}

function ageRank({ startedAtMs }: Session): number {
  return -startedAtMs;
}

function byteRank({ past, up, down }: Session): number {
  return (past === null ? 0 : past.bytesUp + past.bytesDown) + up.bytes + down.bytes;
}

function factsOf(session: Session): SessionFacts {
  const { listener, slot, startedAtMs } = session;
  const { bytesUp, bytesDown, sni } = pastOf(session);
  return {
    id: idOf(session),
    listener,
    slot,
    client: clientName(session),
    sni,
    ageMs: performance.now() - startedAtMs,
    bytesUp,
    bytesDown,
    stage: stageOf(session),
  };
}

function stageOf({ phase, preread, dial, isHalfClosed }: Session): SessionStage {
  if (preread !== null) return "preread";
  if (phase === "dialing") return dial?.isQueued ? "queued" : "dialing";
  return isHalfClosed ? "half_closed" : "relaying";
}

// The sessions of one thread, for an operator who asks: the first few by size or age, and one by its id.
import type { SessionFacts } from "../../shared/session-facts.ts";
import type { AskSessions } from "../../shared/worker-messages.ts";
import { clientName } from "./client-address.ts";
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
        return done(first.flatMap(factsOf));
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
    if (session.number !== number || session.id !== id) continue;
    session.end("killed");
    return true;
  }
  return false;
}

function ageRank({ startedAtMs }: Session): number {
  return -startedAtMs;
}

function byteRank({ before, up, down }: Session): number {
  return (before === null ? 0 : before.bytesUp + before.bytesDown) + up.bytes + down.bytes;
}

function factsOf(session: Session): SessionFacts[] {
  const { id, listener, slot, startedAtMs, phase: stage } = session;
  if (stage === "ended") return [];
  const client = clientName(session);
  const { bytesUp, bytesDown, sni } = session.snapshot();
  const ageMs = performance.now() - startedAtMs;
  return [{ id, listener, slot, client, sni, ageMs, bytesUp, bytesDown, stage }];
}

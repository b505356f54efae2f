// A backend alone, without the frontend that its clients come in by.
import type { ListenerDraft } from "../draft/draft.ts";
import { durationText } from "../draft/durations.ts";
import type { Notebook } from "../draft/note.ts";
import { bare, type Traced, traced } from "../draft/traced.ts";
import type { Pool } from "./backend.ts";

/** Where no server says a port. */
const PORT = 9295;

/** A listener for each pool, at the port of its first server or the next free one. */
export function lonelyBackends(
  pools: ReadonlyMap<string, Pool>,
  notes: Notebook,
): readonly ListenerDraft[] {
  const taken = new Set<number>();
  return [...pools].map(([name, { draft, server, tunnel }]) => {
    let port = portOf(draft.keys) ?? PORT;
    while (taken.has(port)) port++;
    taken.add(port);
    notes.differs(
      draft.quote,
      `the file does not say on which port clients of ${name} connect: port ${port} is a guess`,
    );
    const idle = tunnel ?? server;
    return {
      quote: draft.quote,
      name,
      keys: { port, pool: name },
      timeouts: idle === null ? {} : { idle: text(idle) },
      pools: [name],
    };
  });
}

function text(time: Traced) {
  return traced(durationText(Number(time.value)), ...time.from);
}

function portOf(keys: Pool["draft"]["keys"]): number | null {
  const { backends = [], discover } = keys;
  const [first] = bare(backends) as readonly { port?: number }[];
  const found = discover === undefined ? undefined : (bare(discover) as { port?: number }).port;
  return first?.port ?? found ?? null;
}

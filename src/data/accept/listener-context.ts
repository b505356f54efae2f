// Where a session comes from, and where its listener's clients go by what they ask for. A reload swaps
// what is in it, so that a dial that is under way goes where the newest generation says.
import type { ClientHello } from "../../policy/tls/client-hello.ts";
import { buildRoutes } from "../../policy/tls/route.ts";
import type { GenerationListener, SessionLimits } from "../../shared/generation.ts";
import type { Pool } from "../dial/pool.ts";

export type ListenerContext = {
  /** The listener's row on the board. */
  readonly listener: number;
  readonly name: string;
  /** Null: it depends on what they ask for. */
  poolName: string | null;
  limits: SessionLimits;
  /** Null: such a client is refused. `hello` is null where none was read. */
  poolOf: (hello: ClientHello | null) => Pool | null;
};

/** @param pools by their rows, as they are at any time: a listener that is no more has sessions that dial,
 *  and they go on where they would as long as that pool is there */
export function routing(
  { pool, routes }: Pick<GenerationListener, "pool" | "routes">,
  pools: ReadonlyMap<number, Pool>,
): ListenerContext["poolOf"] {
  if (routes.length === 0) return () => pools.get(pool) ?? null;
  const table = buildRoutes(routes);
  return (hello) => {
    // Read before there were routes: such a client goes where all others go.
    const rule = routes[table.choose(hello ?? NOTHING_ASKED)];
    return rule === undefined ? null : (pools.get(rule.pool) ?? null);
  };
}

const NOTHING_ASKED: ClientHello = { sni: null, alpn: [] };

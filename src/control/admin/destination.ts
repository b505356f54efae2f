// Where a listener's clients go, in a few words for a person.
import type { ListenerStatus } from "./api.ts";

const MOST_NAMES = 3;

/** `web`; `web, api` or `5 pools` where routes tell. */
export function destinationOf({ pool, routes = [] }: ListenerStatus): string {
  if (pool !== null) return pool;
  const pools = [...new Set(routes.flatMap((route) => route.pool ?? []))];
  if (pools.length === 0) return "refused";
  return pools.length > MOST_NAMES ? `${pools.length} pools` : pools.join(", ");
}

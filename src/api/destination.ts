// Where a listener's clients go, in a few words for a person.
import type { ListenerStatus } from "./admin-api.ts";

const MOST_NAMES = 3;

/** Which of a listener's clients go to a pool: `all`; `a.example, h2, default`; null: none do. */
export function clientsFor({ pool, routes = [] }: ListenerStatus, name: string): string | null {
  if (pool === name) return "all";
  const words = routes
    .filter((route) => route.pool === name)
    .flatMap(({ sni = [], alpn = [], default: rest, tls }) => [
      ...sni,
      ...alpn,
      ...(rest ? ["default"] : []),
      ...(tls === false ? ["no TLS"] : []),
    ]);
  if (words.length === 0) return null;
  const more = words.length - MOST_NAMES;
  const shown = words.slice(0, MOST_NAMES).join(", ");
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** `web`; `web, api` or `5 pools` where routes tell. */
export function destinationOf({ pool, routes = [] }: ListenerStatus): string {
  if (pool !== null) return pool;
  const pools = [...new Set(routes.flatMap((route) => route.pool ?? []))];
  if (pools.length === 0) return "refused";
  return pools.length > MOST_NAMES ? `${pools.length} pools` : pools.join(", ");
}

// Backends that are bal's own listeners. A chain of listeners that ends elsewhere is fine; one that comes
// back to its beginning would carry a connection round for ever. Pure.
import { type Address, formatAddress, isLoopback, isWildcard } from "../base/address.ts";
import { formatListenAddress, hasPort } from "../base/listen-address.ts";
import type { ListenerConfig } from "./config.ts";

/** A backend, and the pool that it is in. */
export type Hop = { readonly pool: string; readonly address: Address };

type Loop<H extends Hop> = { readonly hop: H; readonly listener: ListenerConfig };

/** Those whose connections come back to their own pool. `isHere`: is a host an address of this host? */
export function findLoops<H extends Hop>(
  hops: readonly H[],
  listeners: readonly ListenerConfig[],
  isHere: (host: string) => boolean,
): readonly Loop<H>[] {
  const own = hops.flatMap((hop) => {
    const listener = listeners.find((one) => isAt(hop, one, isHere));
    return listener === undefined ? [] : [{ hop, listener }];
  });
  return own.filter((one) => leadsBack(one, own));
}

function leadsBack({ hop, listener }: Loop<Hop>, own: readonly Loop<Hop>[]): boolean {
  const reached = new Set(poolsOf(listener));
  // A set's iteration comes to what is added meanwhile as well.
  for (const pool of reached) {
    for (const next of own) {
      if (next.hop.pool === pool) for (const name of poolsOf(next.listener)) reached.add(name);
    }
  }
  return reached.has(hop.pool);
}

function poolsOf({ pool, routes }: ListenerConfig): readonly string[] {
  return pool === null ? routes.flatMap((route) => route.pool ?? []) : [pool];
}

function isAt(
  { address: backend, pool }: Hop,
  listener: ListenerConfig,
  isHere: (host: string) => boolean,
): boolean {
  const { address } = listener;
  if (backend.kind === "unix" || address.kind === "unix") {
    return formatAddress(backend) === formatListenAddress(address);
  }
  const { host, port } = backend;
  // Without one of its own it is dialled at those of its clients.
  if (port === 0 ? !poolsOf(listener).includes(pool) : !hasPort(address, port)) return false;
  if (host === address.ip) return true;
  // A dial of the wildcard goes to loopback, as does one of localhost.
  const isLocal = host === "localhost" || isWildcard(host);
  return isWildcard(address.ip) ? isLocal || isHere(host) : isLocal && isLoopback(address.ip);
}

// Addresses in an answer that no connection can be meant for.
import { networkInterfaces } from "node:os";
import { formatHostPort, isLoopback, parseIp } from "../../base/address.ts";
import type { Config } from "../../config/config.ts";
import { findLoops, type Hop } from "../../config/own-listeners.ts";

/** Is it an address that no host has: of this network (RFC 1122, section 3.2.1.3), of a group, of all hosts?
 *  In canonical form. */
export function isUnusable(ip: string): boolean {
  if (ip.includes(":")) return ip === "::" || /^ff..:/.test(ip);
  const first = Number(ip.split(".")[0]);
  return first === 0 || (first >= 224 && first < 240) || ip === "255.255.255.255";
}

/** An address of a pool that leads to one of bal's own listeners, and from there to the pool again. */
export type OwnAddress = {
  readonly pool: string;
  /** The name that it is an answer for. */
  readonly name: string;
  /** `ip:port`; the address alone where the port is that of the client. */
  readonly place: string;
  readonly listener: string;
};

/** `answered`: the name whose answer it is; null: it stands in the config. */
type AnsweredHop = Hop & { readonly answered: string | null };

/** Those that a name server has answered: `check` warns of those that are `configured`. */
export function ownAddresses(
  found: Config,
  configured: Config,
  addressesOf: (host: string) => readonly string[] | null,
): readonly OwnAddress[] {
  const hops = found.pools.flatMap(({ name: pool, backends, discover }, nth) =>
    backends.flatMap(({ address }, index): readonly AnsweredHop[] => {
      if (address.kind === "unix") return [{ pool, address, answered: null }];
      if (parseIp(address.host) !== null) {
        const isConfigured = index < (configured.pools[nth]?.backends.length ?? 0);
        return [{ pool, address, answered: isConfigured ? null : (discover?.name ?? null) }];
      }
      const answered = address.host;
      const ips = addressesOf(answered) ?? [];
      return ips.map((host) => ({ pool, address: { ...address, host }, answered }));
    }),
  );
  return findLoops(hops, found.listeners, isOfThisHost()).flatMap(({ hop, listener }) => {
    const { pool, address, answered } = hop;
    if (answered === null || address.kind === "unix") return [];
    const place = placeOf(address.host, address.port);
    return [{ pool, name: answered, place, listener: listener.name }];
  });
}

export function placeOf(ip: string, port: number): string {
  return port === 0 ? ip : formatHostPort(ip, port);
}

/** The interfaces are read only when an address asks. */
function isOfThisHost(): (ip: string) => boolean {
  let own: ReadonlySet<string> | null = null;
  return (ip) => {
    if (isLoopback(ip)) return true;
    own ??= new Set(
      Object.values(networkInterfaces()).flatMap((all = []) =>
        all.flatMap(({ address }) => parseIp(address)?.ip ?? []),
      ),
    );
    return own.has(ip);
  };
}

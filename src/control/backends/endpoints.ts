// Where a backend is dialled, and where it is checked.
import { type Endpoint, parseIp } from "../../base/address.ts";
import type { BackendConfig, PoolConfig } from "../../config/config.ts";
import { conversationOf } from "../health/conversation.ts";
import type { ProbeTarget } from "../health/prober.ts";
import type { Backend } from "./backend.ts";

/** A hostname's last good answer; null: there was none yet. */
type AddressesOf = (host: string) => readonly string[] | null;

/** In the order to try; empty while its name does not resolve. */
export function endpointsOf(
  { address }: BackendConfig,
  addressesOf: AddressesOf,
): readonly Endpoint[] {
  if (address.kind === "unix") return [{ family: "unix", path: address.path }];
  const { host, port } = address;
  const literal = parseIp(host);
  const ips = literal === null ? (addressesOf(host) ?? []) : [host];
  return ips.flatMap((text) => {
    const ip = parseIp(text);
    return ip === null ? [] : [{ family: ip.family, ip: ip.ip, port }];
  });
}

/** The name or address that it is dialled by, as it is written; none for a unix socket. */
export function hostOf({ address }: BackendConfig): readonly string[] {
  return address.kind === "host" ? [address.host] : [];
}

export function probeTarget(
  { healthCheck, dial }: PoolConfig,
  { slot, endpoints, config }: Backend,
): ProbeTarget {
  const { address, proxyProtocol } = config;
  const host = address.kind === "unix" ? null : address.host.replace(/\.$/, "");
  const port = address.kind === "unix" ? 0 : address.port;
  const backend = { host, port, proxyProtocol };
  return {
    slot,
    endpoints,
    check: healthCheck,
    conversations: healthCheck.checks.map((check) => ({
      ...conversationOf(check, backend),
      sources: dial.source,
    })),
  };
}

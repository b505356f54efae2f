// Addresses of backends without a port of their own, with the port that a client came to.
import type { Endpoint } from "../../base/address.ts";

const byEndpoint = new WeakMap<Endpoint, Map<number, Endpoint>>();

/** The same object each time: a connect remembers its socket address by it. Null for port 0, which is none. */
export function atPort(endpoint: Endpoint, port: number): Endpoint | null {
  if (port === 0) return null;
  const byPort = byEndpoint.get(endpoint) ?? new Map<number, Endpoint>();
  byEndpoint.set(endpoint, byPort);
  const made = byPort.get(port) ?? { ...endpoint, port };
  byPort.set(port, made);
  return made;
}

// The keys of names that are looked up: schema.ts has them in its table.
import { type Keys, MAX_DURATION_MS } from "./field.ts";

export const resolverKeys: Keys = {
  servers: {
    field: { kind: "list", of: { kind: "address", usualPort: 53 }, max: 8 },
    doc: "name servers, the first that answers; the system's when absent or empty",
  },
  interval: {
    field: { kind: "duration", min: 1000, max: MAX_DURATION_MS, canBeOff: false },
    default: "10s",
    doc: "the longest that an answer is used before it is asked for again, whatever its TTL",
  },
};

export const discoverKeys: Keys = {
  srv: {
    field: { kind: "hostname" },
    doc: "the name of SRV records: one backend for each, by priority and weight",
  },
  dns: { field: { kind: "hostname" }, doc: "a name: one backend for each of its addresses" },
  port: {
    field: { kind: "integer", min: 1, max: 65535 },
    doc: "of those addresses; SRV records bring their own",
  },
};

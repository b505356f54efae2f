// The keys of names that are looked up: schema.ts has them in its table.
import { type Keys, MAX_DURATION_MS } from "./field.ts";
import { integer, timeout } from "./field-makers.ts";
import { MAX_BACKENDS } from "./schema-backend.ts";

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
  hold: {
    field: timeout,
    default: "30s",
    doc: "how long a server has to answer that a name or its addresses do not exist before its backends are removed; 0: at once",
  },
};

export const discoverKeys: Keys = {
  srv: {
    field: { kind: "hostname" },
    doc: "the name of SRV records: one backend for each, by priority and weight",
  },
  dns: { field: { kind: "hostname" }, doc: "a name: one backend for each of its addresses" },
  port: {
    field: integer(1, 65535),
    doc: "of those addresses; SRV records bring their own",
  },
  max: {
    field: integer(1, MAX_BACKENDS),
    default: 256,
    doc: "backends from there at a time; addresses beyond it are left out",
  },
};

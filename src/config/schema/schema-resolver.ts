// The keys of names that are looked up: schema.ts has them in its table.
import { type Keys, MAX_DURATION_MS } from "./field.ts";
import { integer, timeout } from "./field-makers.ts";
import { MAX_BACKENDS } from "./schema-backend.ts";

export const resolverKeys: Keys = {
  servers: {
    field: { kind: "list", of: { kind: "address", usualPort: 53 }, max: 8 },
    doc: "the name servers, tried in this order until one answers; default: the system's",
  },
  interval: {
    field: { kind: "duration", min: 1000, max: MAX_DURATION_MS, canBeOff: false },
    default: "10s",
    doc: "the longest time that bal uses an answer before it asks again, whatever its TTL",
  },
  hold: {
    field: timeout,
    default: "30s",
    doc: "how long name servers have to answer that a name or its addresses do not exist before bal removes the backends; 0: at once",
  },
};

export const discoverKeys: Keys = {
  srv: {
    field: { kind: "hostname" },
    doc: "the name of SRV records: one backend for each record, with its priority and weight",
  },
  dns: { field: { kind: "hostname" }, doc: "a hostname: one backend for each of its addresses" },
  port: {
    field: integer(1, 65535),
    doc: "the port of these backends; SRV records have their own",
  },
  max: {
    field: integer(1, MAX_BACKENDS),
    default: 256,
    doc: "the largest number of discovered backends; further addresses are left out",
  },
};

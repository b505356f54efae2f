// The keys of routes, as the schema has them.
import type { Field, Keys } from "./field.ts";
import { map } from "./field-makers.ts";

const MAX_ROUTES = 4096;

const routeKeys: Keys = {
  sni: {
    field: { kind: "list", of: { kind: "server-name" }, max: MAX_ROUTES },
    doc: "matches clients that ask for one of these names; an exact name wins over a wildcard, a longer wildcard over a shorter one",
  },
  alpn: {
    field: { kind: "list", of: { kind: "protocol" }, max: 64 },
    doc: "matches clients that offer one of these protocols and match no name",
  },
  default: { field: { kind: "boolean" }, doc: "matches all other TLS clients" },
  tls: {
    field: { kind: "boolean" },
    doc: "false: matches clients whose first bytes are not TLS, and clients that have sent nothing when timeouts.preread is over",
  },
  pool: { field: { kind: "name" }, doc: "the pool for these clients" },
  refuse: { field: { kind: "boolean" }, doc: "instead of a pool: refuses these clients" },
};

export const routes: Field = { kind: "list", of: map(routeKeys), max: MAX_ROUTES };

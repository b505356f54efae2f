// The keys of routes, as the schema has them.
import type { Field, Keys } from "./field.ts";
import { map } from "./field-makers.ts";

const MAX_ROUTES = 4096;

const routeKeys: Keys = {
  sni: {
    field: { kind: "list", of: { kind: "server-name" }, max: MAX_ROUTES },
    doc: "clients that ask for one of these names; an exact one wins over a `*.` one, the longest of these over the others",
  },
  alpn: {
    field: { kind: "list", of: { kind: "protocol" }, max: 64 },
    doc: "clients that offer one of these protocols, where no name says otherwise",
  },
  default: { field: { kind: "boolean" }, doc: "TLS clients that nothing else is for" },
  tls: {
    field: { kind: "boolean" },
    doc: "false: clients that speak no TLS, by their first bytes, and those that have sent nothing when timeouts.preread is over",
  },
  pool: { field: { kind: "name" }, doc: "the pool that they go to" },
  refuse: { field: { kind: "boolean" }, doc: "in place of a pool: they are refused" },
};

export const routes: Field = { kind: "list", of: map(routeKeys), max: MAX_ROUTES };

// The keys of the PROXY protocol, as the schema has them: what is sent to backends, and what is accepted
// of peers.
import type { Field, Keys } from "./field.ts";
import { choice, described, map } from "./field-makers.ts";

/** In the order in which they are sent: the checksum is over all of the others. */
export const PROXY_TLVS = ["authority", "alpn", "unique_id", "crc32c"] as const;

const proxyHeaderKeys: Keys = {
  version: { field: choice("v1", "v2"), isRequired: true, doc: "the version of the header" },
  tlvs: {
    field: { kind: "list", of: choice(...PROXY_TLVS), max: 8 },
    doc: "v2: additional fields: the server name and the first protocol that the client asks for, where its listener has routes; the session's id; a checksum",
  },
};

export const proxyProtocol: Field = {
  kind: "either",
  word: described({
    off: "no header",
    v1: "a line of text, like HAProxy's send-proxy",
    v2: "binary, like HAProxy's send-proxy-v2",
  }),
  map: map(proxyHeaderKeys),
};

export const cidrs: Field = { kind: "list", of: { kind: "cidr" }, max: 10_000 };

export const proxyAcceptKeys: Keys = {
  accept: {
    field: { kind: "boolean" },
    default: true,
    doc: "expects a PROXY header of either version before the client's bytes; false: ignores this whole group",
  },
  trusted: { field: cidrs, doc: "the peers whose headers are accepted; others are refused" },
  optional: {
    field: { kind: "boolean" },
    default: false,
    doc: "serves a peer that sends no header under its own address; clients then have to send first",
  },
};

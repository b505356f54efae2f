// The keys of the global limits, as the schema has them.
import type { Keys } from "./field.ts";
import { described, integer } from "./field-makers.ts";

export const limitsKeys: Keys = {
  max_connections: {
    field: { kind: "auto", or: integer(1, 10_000_000) },
    default: "auto",
    doc: "connections at a time; auto: what the open-file limit allows",
  },
  overload: {
    field: described({
      reject: "new clients are reset",
      wait: "new clients wait in the kernel's queue",
    }),
    default: "reject",
    doc: "above that: reset new clients, or leave them in the kernel's queue",
  },
  max_buffered: {
    field: { kind: "auto", or: { kind: "size", min: 1024 ** 2, max: 2 ** 50 } },
    default: "auto",
    doc: "bytes held for slow readers and waiting clients; auto: a quarter of memory",
  },
  refuse: {
    field: described({
      reset: "a refused client sees a reset",
      close: "a refused client sees the end of the connection",
    }),
    default: "reset",
    doc: "what a client that is refused sees: a reset, or an end",
  },
};

// The keys of the global limits, as the schema has them.
import type { Keys } from "./field.ts";
import { described, integer } from "./field-makers.ts";

export const limitsKeys: Keys = {
  max_connections: {
    field: { kind: "auto", or: integer(1, 10_000_000) },
    default: "auto",
    doc: "concurrent connections; auto: as many as the open-file limit allows",
  },
  overload: {
    field: described({
      reject: "new clients are reset",
      wait: "new clients wait in the kernel's queue",
    }),
    default: "reject",
    doc: "what happens to new clients at that limit: they are reset, or wait in the kernel's queue",
  },
  max_buffered: {
    field: { kind: "auto", or: { kind: "size", min: 1024 ** 2, max: 2 ** 50 } },
    default: "auto",
    doc: "how many bytes bal may hold for slow readers and waiting clients; auto: a quarter of the memory",
  },
  refuse: {
    field: described({
      reset: "a refused client sees a reset",
      close: "a refused client sees a normal close",
    }),
    default: "reset",
    doc: "how bal closes the connection of a refused client: with a reset, or normally",
  },
};

// What a reload changes, as data: the same for `bal graceful`, the log and (later) `bal diff`.

export type ChangeKind = "added" | "removed" | "changed";

/** One difference. `from` and `to` are plain JSON values; null where there is none. */
export type Change = {
  readonly kind: ChangeKind;
  /** `listeners.edge.port`, `pools.web.backends.10.0.0.1:443.weight`, `timeouts.idle`… */
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
};

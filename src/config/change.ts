// One difference between two configs, as data and in words.

type ChangeKind = "added" | "removed" | "changed";

/** One difference. `from` and `to` are plain JSON values; null where there is none. */
export type Change = {
  readonly kind: ChangeKind;
  /** `listeners.edge.port`, `pools.web.backends.10.0.0.1:443.weight`, `timeouts.idle`… */
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
};

/** `added pools.web.backends.10.0.0.1:443`, `timeouts.idle: 1h → 10m` */
export function describeChange({ kind, path, from, to }: Change): string {
  return kind === "changed" ? `${path}: ${show(from)} → ${show(to)}` : `${kind} ${path}`;
}

function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  return typeof value === "string" ? value : JSON.stringify(value);
}

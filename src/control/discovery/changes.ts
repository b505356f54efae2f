// Describes for the log how new answers change the pools. Pure.
import type { BackendConfig, PoolConfig } from "../../config/config.ts";

export type DiscoveryChange = {
  readonly pool: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** The backends whose weight or tier has changed. */
  readonly changed: readonly string[];
  readonly message: string;
};

/** Names that are told one by one; a line must not be as long as an answer may be. */
const MAX_NAMES = 8;

/** One for each pool that differs. Both have the same pools. */
export function discoveryChanges(
  from: readonly PoolConfig[],
  to: readonly PoolConfig[],
): readonly DiscoveryChange[] {
  return to.flatMap((pool, index) => {
    const before = new Map(from[index]?.backends.map((one) => [one.name, one]));
    const after = new Map(pool.backends.map((one) => [one.name, one]));
    const added = [...after.keys()].filter((name) => !before.has(name));
    const removed = [...before.keys()].filter((name) => !after.has(name));
    const changed = [...after].flatMap(([name, backend]) =>
      isOther(before.get(name), backend) ? name : [],
    );
    if (added.length + removed.length + changed.length === 0) return [];
    const parts = [tell("added", added), tell("removed", removed), tell("changed", changed)];
    const words = parts.filter((part) => part !== "").join("; ");
    return [{ pool: pool.name, added, removed, changed, message: `${pool.name}: ${words}` }];
  });
}

function isOther(before: BackendConfig | undefined, after: BackendConfig): boolean {
  return before !== undefined && !Bun.deepEquals(before, after);
}

function tell(what: string, names: readonly string[]): string {
  if (names.length === 0) return "";
  const more = names.length - MAX_NAMES;
  const listed = names.slice(0, MAX_NAMES).join(", ");
  return `${what} ${listed}${more > 0 ? ` and ${more} more` : ""}`;
}

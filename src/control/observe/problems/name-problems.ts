// Names that do not resolve, though their last answer is in use.
import type { PoolStatus } from "../../../api/admin-api.ts";
import type { Found } from "./problem-list.ts";

type FailingName = { readonly name: string; readonly error: string };

/** A backend that has no address at all is a problem of its own, and the name that a pool discovers by is one of
 *  the pool's. */
export function nameProblems(
  failing: readonly FailingName[],
  pools: readonly Pick<PoolStatus, "discover">[],
): readonly Found[] {
  const ofPools = new Set(pools.map(({ discover }) => discover?.name));
  const names = failing.filter(({ name }) => !ofPools.has(name));
  return names.map(({ name, error }) => {
    const message = `${name} does not resolve (${error}): its last answer is in use`;
    const hint = "check what the name server answers; `resolver.servers` lists the servers";
    return { severity: "error", code: "name-stale", subject: name, message, hint };
  });
}

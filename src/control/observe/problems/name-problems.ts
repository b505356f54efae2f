// Names that do not resolve, though their last answer is in use.
import type { Found } from "./problem-list.ts";

type FailingName = { readonly name: string; readonly error: string };

/** A backend that has no address at all is a problem of its own. */
export function nameProblems(names: readonly FailingName[]): readonly Found[] {
  return names.map(({ name, error }) => {
    const message = `${name} does not resolve (${error}): its last answer is in use`;
    const hint = "see what the name server answers; `resolver.servers` says which ones are asked";
    return { severity: "error", code: "name-stale", subject: name, message, hint };
  });
}

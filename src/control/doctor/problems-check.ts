// The problems that the running bal itself reports, without those that doctor has found by itself already.
import type { Status } from "../../api/admin-api.ts";
import type { Problem } from "../../api/problems.ts";
import { type Finding, Findings } from "./finding.ts";

export function checkProblems(
  status: Status | null,
  others: readonly Finding[],
): readonly Finding[] {
  const found = new Findings("running");
  if (status === null) return found.all;
  const { problems } = status;
  const broken = others.filter(({ level }) => level === "broken");
  const left = problems.filter((problem) => !isFound(problem, broken, status));
  for (const { severity, message, hint } of left) {
    if (severity === "warning") found.advise(message, hint);
    else found.broken(message, hint);
  }
  return problems.length > 0
    ? found.all
    : found.okUnlessOther("the running bal reports no problem").all;
}

// One cause is one finding: what doctor saw itself has the better remedy.
function isFound({ code, subject, message }: Problem, broken: readonly Finding[], status: Status) {
  const says = (check: string, words: string) =>
    broken.some((one) => one.check === check && one.message.includes(words));
  switch (code) {
    // The daemon's own finding says so.
    case "draining":
      return true;
    case "config-refused":
      return broken.some(({ check }) => check === "config");
    case "backend-down":
    case "backend-ejected":
      return says("backends", `${subject} `);
    case "backend-unresolved":
    case "discovery-fails":
    case "name-stale":
      return broken.some(({ check, message: words }) => {
        return check === "dns" && message.includes(words.split(" ")[0] ?? words);
      });
    case "pool-down": {
      const pool = status.pools.find(({ name }) => subject === `pool ${name}`);
      const backends = pool?.backends ?? [];
      return (
        backends.length > 0 &&
        backends.every(({ name }) => says("backends", `${pool?.name}/${name} `))
      );
    }
    default:
      return false;
  }
}

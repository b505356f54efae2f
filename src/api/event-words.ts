// An event in words, for people: the same in the terminal and in the dashboard.
import type { BalEvent } from "./admin-api.ts";

export function describeEvent({ kind, pool, backend, from, to, reason }: BalEvent): string {
  const who = backend === null ? "" : `${pool}/${backend}`;
  const why = reason === null ? "" : `: ${reason}`;
  switch (kind) {
    case "state":
      return `${who} is ${to}, was ${from}${why}`;
    case "drain":
      return `${who} ${to === true ? "is draining" : "is no longer draining"}${why}`;
    case "weight":
      return `${who} has weight ${to}, had ${from}${why}`;
    case "fail-open":
      return `pool ${pool} ${to === true ? "fails open" : "no longer fails open"}${why}`;
    case "reload":
      return `reloaded, generation ${to}${why}`;
    case "reload-failed":
      return `a reload failed${why}`;
    case "worker":
      return reason ?? `a worker is ${to}`;
    case "shutdown":
      return "bal is draining and will stop";
    default:
      // A newer bal has more to tell than this one knows.
      return [kind, who, `${from} → ${to}`, reason ?? ""].filter((word) => word !== "").join(" ");
  }
}

export function isBadEvent({ kind, to }: BalEvent): boolean {
  if (kind === "state") return to === "down" || to === "ejected" || to === "unresolved";
  if (kind === "fail-open") return to === true;
  return kind === "reload-failed" || (kind === "worker" && to !== "serving") || kind === "shutdown";
}

// What happened since the page was opened, the newest first.
import type { BalEvent } from "../../../api/admin-api.ts";
import { byId, clockTime, element } from "./elements.ts";

const MAX_SHOWN = 200;

export function showEvent(event: BalEvent): void {
  const list = byId("events", "ol");
  const time = element("time", { datetime: event.time }, [clockTime(Date.parse(event.time))]);
  const words = element("span", isBad(event) ? { class: "bad" } : {}, [wordsOf(event)]);
  list.prepend(element("li", {}, [time, words]));
  while (list.children.length > MAX_SHOWN) list.lastElementChild?.remove();
  byId("no-events", "p").hidden = true;
}

function wordsOf({ kind, pool, backend, from, to, reason }: BalEvent): string {
  const who = backend === null ? "" : `${pool}/${backend}`;
  const why = reason === null ? "" : `: ${reason}`;
  switch (kind) {
    case "state":
      return `${who} is ${to}, was ${from}${why}`;
    case "drain":
      return `${who} ${to === true ? "drains" : "drains no more"}${why}`;
    case "weight":
      return `${who} has weight ${to}, had ${from}${why}`;
    case "reload":
      return `reloaded, generation ${to}${why}`;
    case "reload-failed":
      return `a reload failed${why}`;
    case "worker":
      return reason ?? `a worker is ${to}`;
    case "shutdown":
      return "bal drains and will end";
    default:
      // A newer bal has more to tell than this page knows.
      return [kind, who, `${from} → ${to}`, reason ?? ""].filter((word) => word !== "").join(" ");
  }
}

function isBad({ kind, to }: BalEvent): boolean {
  if (kind === "state") return to === "down" || to === "ejected" || to === "unresolved";
  return kind === "reload-failed" || (kind === "worker" && to !== "serving") || kind === "shutdown";
}

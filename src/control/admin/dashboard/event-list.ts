// The list of recent events, the newest first.
import type { BalEvent } from "../../../api/admin-api.ts";
import { describeEvent, isBadEvent } from "../../../api/event-words.ts";
import { byId, dayAndTime, element } from "./elements.ts";

const MAX_SHOWN = 200;

export function showEvent(event: BalEvent): void {
  const list = byId("events", "ol");
  const time = element("time", { datetime: event.time }, [dayAndTime(Date.parse(event.time))]);
  const words = element("span", isBadEvent(event) ? { class: "bad" } : {}, [describeEvent(event)]);
  list.prepend(element("li", {}, [time, words]));
  while (list.children.length > MAX_SHOWN) list.lastElementChild?.remove();
  byId("no-events", "p").hidden = true;
}

// `bal events`: what happened lately, and with -f what happens from now on.
import { defineCommand } from "citty";
import type { BalEvent } from "../../api/admin-api.ts";
import { describeEvent, isBadEvent } from "../../api/event-words.ts";
import { printable } from "../../base/printable.ts";
import { locateHome } from "../../control/host/home.ts";
import { clientOf } from "../client-of.ts";
import { type ExitCode, usageError } from "../exit.ts";
import { explainSilence, unanswered } from "../not-running.ts";
import { say, sayJson } from "../output.ts";
import { color } from "../views/color.ts";

const DEFAULT_COUNT = 50;
/** bal keeps no more. */
const MAX_COUNT = 1000;
/** Kept events come at once; after a silence of this length there are no more of them. */
const QUIET_MS = 300;

export const events = defineCommand({
  meta: { name: "events", description: "Print recent events" },
  args: {
    follow: { type: "boolean", alias: "f", description: "continue with new events" },
    lines: {
      type: "string",
      alias: "n",
      valueHint: "N",
      description: `how many to print, of the last ${MAX_COUNT} (default ${DEFAULT_COUNT})`,
    },
    json: { type: "boolean", description: "print one JSON object on each line" },
  },
  async run({ args }): Promise<ExitCode> {
    const home = locateHome();
    const count = readCount(args.lines);
    const client = clientOf(home);
    const answer = await client.events(count).catch(explainSilence(home));
    if (answer.kind === "absent") throw unanswered(home);
    const untilMs = args.follow === true ? null : QUIET_MS;
    for await (const event of answer.read(untilMs)) {
      const isRead = args.json ? sayJson(event, { isOneLine: true }) : say(1, lineOf(event));
      if (!isRead) break;
    }
    return 0;
  },
});

/** Throws BalError `usage`. */
function readCount(text = String(DEFAULT_COUNT)): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= MAX_COUNT) return count;
  throw usageError(`-n must be a number from 1 to ${MAX_COUNT}, not '${text}'`);
}

function lineOf(event: BalEvent): string {
  const words = printable(describeEvent(event));
  const time = color(1, "dim", localTime(new Date(event.time)));
  return `${time}  ${isBadEvent(event) ? color(1, "red", words) : words}`;
}

/** `2026-01-02 03:04:05`, by this host's clock and zone. */
function localTime(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day} ${date.toTimeString().slice(0, 8)}`;
}

// `bal sessions`: the connections of the running bal that have moved the most bytes, or are the oldest;
// and the end of one.

import { defineCommand } from "citty";
import type { SessionStatus } from "../../api/admin-api.ts";
import { ageFigure, sizeFigure } from "../../base/figures.ts";
import { printable } from "../../base/printable.ts";
import { locateHome } from "../../control/host/home.ts";
import type { SessionOrder } from "../../shared/session-facts.ts";
import { clientOf } from "../client-of.ts";
import { type ExitCode, usageError } from "../exit.ts";
import { asked } from "../named-backend.ts";
import { say, sayJson } from "../output.ts";
import { renderTable } from "../views/table.ts";

const DEFAULT_LIMIT = "50";
const MAX_LIMIT = 1000;

export const sessions = defineCommand({
  meta: { name: "sessions", description: "List open sessions, the largest or the oldest first" },
  args: {
    sort: {
      type: "enum",
      options: ["bytes", "age"],
      description: "bytes (both directions together) or age",
    },
    limit: {
      type: "string",
      valueHint: DEFAULT_LIMIT,
      description: `how many to list (default ${DEFAULT_LIMIT}, at most ${MAX_LIMIT})`,
    },
    kill: { type: "string", valueHint: "ID", description: "reset this session on both sides" },
    json: { type: "boolean", description: "print one JSON object" },
  },
  async run({ args }): Promise<ExitCode> {
    const limit = readLimit(args.limit ?? DEFAULT_LIMIT);
    const home = locateHome();
    const client = clientOf(home);
    if (args.kill !== undefined) {
      const killed = await asked(client.killSession(args.kill), home);
      if (args.json) sayJson(killed, { isOneLine: true });
      else say(1, printable(`session ${killed.id} was reset`));
      return 0;
    }
    const sort = (args.sort ?? "bytes") as SessionOrder;
    const answer = await asked(client.sessions(sort, limit), home);
    if (args.json) sayJson(answer, { isOneLine: true });
    else if (answer.sessions.length === 0) say(1, "no open sessions");
    else say(1, renderTable(COLUMNS, answer.sessions.map(rowOf)));
    return 0;
  },
});

const COLUMNS = [
  "ID",
  "LISTENER",
  "CLIENT",
  "BACKEND",
  "PHASE",
  { title: "AGE", isNumber: true },
  { title: "UP", isNumber: true },
  { title: "DOWN", isNumber: true },
];

function rowOf(session: SessionStatus): readonly string[] {
  const { id, listener, client, pool, backend, phase, age_s, bytes_up, bytes_down } = session;
  return [
    printable(id),
    printable(listener),
    client === null ? "-" : printable(client),
    backend === null ? "-" : printable(`${pool}/${backend}`),
    printable(phase),
    ageFigure(age_s),
    sizeFigure(bytes_up),
    sizeFigure(bytes_down),
  ];
}

function readLimit(text: string): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw usageError(`--limit must be a number from 1 to ${MAX_LIMIT}, not '${text}'`);
}

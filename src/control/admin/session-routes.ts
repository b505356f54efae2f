// The routes of sessions: a list of some, and the end of one.

import type { SessionOrder } from "../../shared/session-facts.ts";
import type { ControlApi } from "./control-api.ts";
import { jsonResponse, Refusal, type Routes } from "./router.ts";

/** One screen of them. */
const DEFAULT_LIMIT = 50;
/** The longest list, for people or for a script that sorts out the worst; never all of 50,000. */
const MAX_LIMIT = 1000;

export function sessionRoutes(api: ControlApi): Routes {
  return {
    "/v1/sessions": {
      GET: async ({ query }) => {
        const sessions = await api.sessions(readSort(query), readLimit(query));
        return jsonResponse({ sessions });
      },
    },
    "/v1/sessions/:id": {
      DELETE: async ({ params: { id = "" } }) => {
        if (await api.killSession(id)) return jsonResponse({ id, end: "KR" });
        const message = `there is no session \`${id}\``;
        const hint = "it may have ended; `bal sessions` lists the open ones";
        throw new Refusal(404, { code: "unknown-session", message, hint });
      },
    },
  };
}

/** Throws Refusal 400. */
function readSort(query: URLSearchParams): SessionOrder {
  const sort = query.get("sort") ?? "bytes";
  if (sort === "bytes" || sort === "age") return sort;
  throw new Refusal(400, { code: "bad-request", message: "`sort` must be bytes or age" });
}

/** Throws Refusal 400. */
function readLimit(query: URLSearchParams): number {
  const text = query.get("limit") ?? String(DEFAULT_LIMIT);
  const limit = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  const message = `\`limit\` must be a number from 1 to ${MAX_LIMIT}`;
  throw new Refusal(400, { code: "bad-request", message });
}

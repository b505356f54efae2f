// What the admin API offers: each route, and what it asks of the process.
import type { ControlApi, PreviewOutcome, ReloadOutcome } from "./api.ts";
import { failure, Refusal, type Routes, readJson } from "./router.ts";

export function routesOf(api: ControlApi): Routes {
  return {
    "/": { isOpen: true, GET: () => failure(404, NO_PAGE) },
    "/livez": { isOpen: true, GET: () => plain("ok", 200) },
    "/readyz": {
      isOpen: true,
      GET: () => (api.isReady() ? plain("ok", 200) : plain("not ready", 503)),
    },
    "/v1/status": { GET: () => Response.json(api.status()) },
    "/v1/reload": { POST: async () => outcomeResponse(await api.reload("api")) },
    "/v1/diff": { POST: async () => outcomeResponse(await api.preview()) },
    "/v1/stop": {
      POST: async ({ request }) => Response.json(api.stop(readNow(await readJson(request)))),
    },
  };
}

const NO_PAGE = { code: "not-found", message: "there is no page here; see /v1/status" };

function outcomeResponse(outcome: ReloadOutcome | PreviewOutcome): Response {
  switch (outcome.kind) {
    case "done":
      return Response.json(outcome.report);
    case "failed":
      return Response.json({ error: outcome.error, errors: outcome.errors }, { status: 422 });
    case "refused":
      return failure(409, outcome.error);
    default:
      return outcome satisfies never;
  }
}

/** Throws Refusal 400 for a body that means something else. */
function readNow(body: unknown = {}): boolean {
  if (typeof body === "object" && body !== null && !Array.isArray(body)) {
    const { now = false, ...rest } = body as Readonly<Record<string, unknown>>;
    if (typeof now === "boolean" && Object.keys(rest).length === 0) return now;
  }
  throw new Refusal(400, { code: "bad-request", message: "the body is empty or {now: boolean}" });
}

function plain(text: string, status: number): Response {
  return new Response(`${text}\n`, { status });
}

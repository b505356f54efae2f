// The admin API on the home's unix socket.
import { rmSync } from "node:fs";
import type { ApiError, ControlApi, PreviewOutcome, ReloadOutcome } from "./api.ts";

export type AdminServer = { readonly stop: () => Promise<void> };

export type AdminOptions = { readonly socketPath: string; readonly api: ControlApi };

/** Serves until stopped. The home's lock is held: what stands at the path is nobody's any more. */
export function startAdminServer({ socketPath, api }: AdminOptions): AdminServer {
  rmSync(socketPath, { force: true });
  // bind(2) takes the mode from the umask.
  const umask = process.umask(0o177);
  try {
    const routes = routesOf(api);
    const server = Bun.serve({
      unix: socketPath,
      ...noIdleTimeout,
      routes,
      fetch: (request) => unrouted(request, Object.keys(routes)),
      error: (error) => failure(500, { code: "fault", message: error.message }),
    });
    return { stop: () => server.stop(true) };
  } finally {
    process.umask(umask);
  }
}

// A reload may wait longer for another one than the 10 s that Bun lets a silent client live. The
// types have this option for TCP only; Bun 1.4.5 obeys it here, and not `server.timeout`.
const noIdleTimeout: object = { idleTimeout: 0 };

function routesOf(api: ControlApi) {
  return {
    "/livez": { GET: () => plain("ok", 200) },
    "/readyz": { GET: () => (api.isReady() ? plain("ok", 200) : plain("not ready", 503)) },
    "/v1/status": { GET: () => Response.json(api.status()) },
    "/v1/reload": {
      POST: async () => outcomeResponse(await api.reload("api")),
    },
    "/v1/diff": { POST: async () => outcomeResponse(await api.preview()) },
    "/v1/stop": {
      POST: async (request: Request) => {
        const now = readNow(await request.text());
        return now === null ? failure(400, BAD_STOP) : Response.json(api.stop(now));
      },
    },
  };
}

function unrouted(request: Request, paths: readonly string[]): Response {
  if (!paths.includes(new URL(request.url).pathname)) {
    return failure(404, { code: "not-found", message: "there is no such route" });
  }
  const message = `${request.method} is not what this route is for`;
  return failure(405, { code: "method-not-allowed", message });
}

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

const BAD_STOP: ApiError = { code: "bad-request", message: "the body is empty or {now: boolean}" };

/** Null for a body that means something else. */
function readNow(body: string): boolean | null {
  if (body === "") return false;
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return null;
    const { now = false, ...rest } = parsed as Readonly<Record<string, unknown>>;
    return typeof now === "boolean" && Object.keys(rest).length === 0 ? now : null;
  } catch {
    return null;
  }
}

function failure(status: number, error: ApiError): Response {
  return Response.json({ error }, { status });
}

function plain(text: string, status: number): Response {
  return new Response(`${text}\n`, { status });
}

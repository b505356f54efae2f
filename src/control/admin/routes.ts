// The routes of the admin API, each with the call that it makes to the process.
import { isAbsolute } from "node:path";
import type { PreviewOutcome, ReloadOutcome, UpgradeOutcome } from "../../api/admin-api.ts";
import { type Override, UPGRADE_MS, type UpgradeRequest } from "../../api/admin-api.ts";
import { MAX_DURATION_MS } from "../../config/schema/field.ts";
import { suggest } from "../../config/suggest.ts";
import { readOverride } from "../backends/override.ts";
import { CONTENT_TYPES, expose, formatFor } from "../metrics/exposition.ts";
import { SAMPLES } from "../observe/history.ts";
import type { Door } from "./authorization.ts";
import type { ConfigSource, ControlApi } from "./control-api.ts";
import { dashboardResponse } from "./dashboard.ts";
import type { EventStreams } from "./event-streams.ts";
import { type Call, failure, jsonResponse, Refusal, type Routes, readJson } from "./router.ts";
import { sessionRoutes } from "./session-routes.ts";

/** The most that a config file may hold, with its quotes escaped. */
const MAX_CONFIG_BYTES = 1024 * 1024;

export function routesOf(api: ControlApi, streams: EventStreams): Routes {
  return {
    "/": { isOpen: true, isEarly: true, GET: dashboardResponse },
    "/livez": { isOpen: true, isEarly: true, GET: () => plain("ok", 200) },
    "/readyz": {
      isOpen: true,
      isEarly: true,
      GET: () => (api.isReady() ? plain("ok", 200) : plain("not ready", 503)),
    },
    "/metrics": { GET: ({ request }) => metrics(api, request.headers.get("accept")) },
    "/v1/status": { GET: () => jsonResponse(api.status()) },
    "/v1/config": { GET: () => jsonResponse(api.config()) },
    "/v1/history": { GET: ({ query }) => jsonResponse(api.history(readLast(query))) },
    "/v1/events": { GET: ({ query }) => streams.open(readPast(query)) },
    ...sessionRoutes(api),
    "/v1/pools/:pool/backends/:backend": {
      PATCH: async ({ request, params }) => {
        const change = readChange(await readJson(request));
        return override(api, params, change);
      },
    },
    "/v1/pools/:pool/backends/:backend/override": {
      DELETE: ({ params }) => override(api, params, null),
    },
    "/v1/reload": { POST: async () => outcomeResponse(await api.reload("api")) },
    "/v1/upgrade": {
      POST: async ({ request, door }) => {
        const wanted = readUpgrade(await readJson(request), door);
        return outcomeResponse(await api.upgrade(wanted));
      },
    },
    "/v1/diff": {
      POST: async ({ request }) => {
        const source = readSource(await readJson(request, MAX_CONFIG_BYTES));
        return outcomeResponse(await api.preview(source));
      },
    },
    "/v1/stop": {
      isEarly: true,
      POST: async ({ request }) => jsonResponse(api.stop(readNow(await readJson(request)))),
    },
  };
}

function metrics(api: ControlApi, accept: string | null): Response {
  const format = formatFor(accept);
  const headers = { "Content-Type": CONTENT_TYPES[format] };
  return new Response(expose(api.metrics(), format), { headers });
}

function outcomeResponse(outcome: ReloadOutcome | PreviewOutcome | UpgradeOutcome): Response {
  switch (outcome.kind) {
    case "done":
      return jsonResponse(outcome.report);
    case "failed":
      return jsonResponse({ error: outcome.error, errors: outcome.errors }, { status: 422 });
    case "refused":
      return failure(409, outcome.error);
    default:
      return outcome satisfies never;
  }
}

/** Throws Refusal 400. */
function readChange(body: unknown): Override {
  const read = readOverride(body);
  if (read.kind === "invalid") {
    const { message, hint } = read;
    throw new Refusal(400, { code: "bad-request", message, ...(hint !== undefined && { hint }) });
  }
  if (Object.keys(read.override).length > 0) return read.override;
  const message = "there is nothing to change: the body has neither `drain` nor `weight`";
  throw new Refusal(400, { code: "bad-request", message });
}

/** Throws Refusal 404 or 409. */
async function override(
  api: ControlApi,
  { pool = "", backend = "" }: Call["params"],
  change: Override | null,
): Promise<Response> {
  const outcome = await api.override(pool, backend, change);
  if (outcome.kind === "done") return jsonResponse(outcome.backend);
  if (outcome.kind === "refused") throw new Refusal(409, outcome.error);
  const { pools } = api.status();
  const found = pools.find(({ name }) => name === pool);
  throw found === undefined
    ? unknownName("pool", pool, pools)
    : unknownName("backend", backend, found.backends);
}

function unknownName(
  what: "pool" | "backend",
  name: string,
  known: readonly { readonly name: string }[],
): Refusal {
  const near = suggest(
    name,
    known.map((one) => one.name),
  );
  const message = `there is no ${what} \`${name}\``;
  const hint = near !== null && { hint: `did you mean \`${near}\`?` };
  return new Refusal(404, { code: `unknown-${what}`, message, ...hint });
}

/** `?last=N`: so many of the events before. Throws Refusal 400. */
function readPast(query: URLSearchParams): number {
  const text = query.get("last");
  if (text === null) return 0;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new Refusal(400, { code: "bad-request", message: "`last` must be a number of events" });
}

/** Null: the config's own file. Throws Refusal 400 for a body that means something else. */
function readSource(body: unknown = {}): ConfigSource | null {
  const isObject = typeof body === "object" && body !== null && !Array.isArray(body);
  const { config, file = "-", ...rest } = { ...(isObject ? body : null) } as Written;
  const isKnown = isObject && Object.keys(rest).length === 0;
  if (isKnown && config === undefined && file === "-") return null;
  if (isKnown && typeof config === "string" && typeof file === "string") return { config, file };
  const message = "the body must be empty, or {config: the text of a config, file: its name}";
  throw new Refusal(400, { code: "bad-request", message });
}

/** `?last=N`: so many samples; all of them when not said. Throws Refusal 400. */
function readLast(query: URLSearchParams): number {
  const text = query.get("last");
  if (text === null) return SAMPLES;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  const message = "`last` must be a number of samples, from 1";
  throw new Refusal(400, { code: "bad-request", message });
}

/** Throws Refusal 400 for a body that means something else, and 403. */
function readUpgrade(body: unknown = {}, door: Door): UpgradeRequest {
  const object = typeof body === "object" && body !== null && !Array.isArray(body) ? body : null;
  const { binary = null, within_ms = UPGRADE_MS, ...rest } = { ...object } as Written;
  const isKnown = object !== null && Object.keys(rest).length === 0;
  const isPath = binary === null || (typeof binary === "string" && isAbsolute(binary));
  const isTime = typeof within_ms === "number" && within_ms > 0 && within_ms <= MAX_DURATION_MS;
  if (!isKnown || !isPath || !isTime) {
    const message =
      "the body must be empty, or {binary: an absolute path, within_ms: a number above 0}";
    throw new Refusal(400, { code: "bad-request", message });
  }
  // It would be run as bal's user: who has the home may do that anyway, nobody else.
  if (binary !== null && door.kind !== "socket") {
    const message = "`binary` is allowed on bal.sock only";
    throw new Refusal(403, { code: "forbidden", message });
  }
  return { binary, withinMs: within_ms };
}

type Written = Readonly<Record<string, unknown>>;

/** Throws Refusal 400 for a body that means something else. */
function readNow(body: unknown = {}): boolean {
  if (typeof body === "object" && body !== null && !Array.isArray(body)) {
    const { now = false, ...rest } = body as Readonly<Record<string, unknown>>;
    if (typeof now === "boolean" && Object.keys(rest).length === 0) return now;
  }
  throw new Refusal(400, {
    code: "bad-request",
    message: "the body must be empty, or {now: boolean}",
  });
}

function plain(text: string, status: number): Response {
  return new Response(`${text}\n`, { status });
}

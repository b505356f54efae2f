// From a request to its handler, and from whatever happens there to an answer. Knows no route.
//
// A handler that throws a Refusal is answered with it; one that throws anything else with 500.
import type { ApiError } from "../../api/admin-api.ts";
import { printableJson } from "../../base/printable.ts";
import { type Denial, type Door, denialOf } from "./authorization.ts";

export type Call = {
  readonly request: Request;
  /** Where it came in. */
  readonly door: Door;
  /** The parts of the path that stand for `:name`, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
};

type Handler = (call: Call) => Response | Promise<Response>;

export type Route = {
  /** Answered to anybody, without a token: it shows nothing that is not everybody's. */
  readonly isOpen?: true;
  /** Answered also while bal starts; other requests wait until it serves. */
  readonly isEarly?: true;
  /** HEAD comes with GET. A GET changes nothing. */
  readonly GET?: Handler;
  readonly POST?: Handler;
  readonly PATCH?: Handler;
  readonly DELETE?: Handler;
};

/** By path; `:name` stands for one segment. */
export type Routes = Readonly<Record<string, Route>>;

const METHODS = ["GET", "POST", "PATCH", "DELETE"] as const;
/** A body says little; what is longer is no request of ours. */
export const MAX_BODY_BYTES = 64 * 1024;

/** The headers of each answer, unless a handler says otherwise. */
export const COMMON_HEADERS = {
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-store",
} as const;

/** Why a request is not done. */
export class Refusal extends Error {
  readonly status: number;
  readonly error: ApiError;

  constructor(status: number, error: ApiError) {
    super(error.message);
    this.status = status;
    this.error = error;
  }
}

type RouterParts = {
  /** Resolves when bal serves. */
  readonly started: Promise<void>;
  readonly onFault: (error: unknown) => void;
};

export class Router {
  private readonly routes: readonly (readonly [pattern: readonly string[], route: Route])[];
  private readonly started: Promise<void>;
  private readonly onFault: (error: unknown) => void;

  constructor(routes: Routes, { started, onFault }: RouterParts) {
    this.started = started;
    this.routes = Object.entries(routes).map(([path, route]) => [path.split("/"), route]);
    this.onFault = onFault;
  }

  /** Never rejects. */
  async answer(request: Request, door: Door): Promise<Response> {
    const response = await this.attempt(request, door);
    // An origin with a clock sends it (RFC 9110, 6.6.1); Bun 1.4.5 does not.
    response.headers.set("Date", new Date().toUTCString());
    for (const [name, value] of Object.entries(COMMON_HEADERS)) {
      if (!response.headers.has(name)) response.headers.set(name, value);
    }
    return request.method === "HEAD" ? await headOf(response) : response;
  }

  private async attempt(request: Request, door: Door): Promise<Response> {
    try {
      return await this.dispatch(request, door);
    } catch (error) {
      if (error instanceof Refusal) return failure(error.status, error.error);
      this.onFault(error);
      const message = "an internal fault; see bal's log";
      return failure(500, { code: "fault", message });
    }
  }

  private async dispatch(request: Request, door: Door): Promise<Response> {
    // A request with an odd Host has no whole URL.
    const url = URL.parse(request.url, "http://bal");
    if (url === null)
      throw new Refusal(400, { code: "bad-request", message: "the URL is not valid" });
    const { pathname, searchParams } = url;
    const found = this.find(pathname);
    const denial = found?.route.isOpen ? null : denialOf(request.headers, door);
    if (denial !== null) return denied(denial);
    if (found === null) {
      return failure(404, { code: "not-found", message: "there is no such route" });
    }
    const { route, params } = found;
    const method = METHODS.find(
      (name) => name === (request.method === "HEAD" ? "GET" : request.method),
    );
    const handler = method === undefined ? undefined : route[method];
    if (handler === undefined) return wrongMethod(request.method, route);
    if (!route.isEarly) await this.started;
    const response = await handler({ request, door, params, query: searchParams });
    // Probes come from everywhere and often: none of them keeps a place.
    if (route.isOpen && door.kind === "tcp") response.headers.set("Connection", "close");
    return response;
  }

  private find(pathname: string) {
    const segments = pathname.split("/");
    for (const [pattern, route] of this.routes) {
      const params = match(pattern, segments);
      if (params !== null) return { route, params };
    }
    return null;
  }
}

/** The body as JSON; undefined when there is none. Throws Refusal 400 or 413. */
export async function readJson(request: Request, most = MAX_BODY_BYTES): Promise<unknown> {
  const tooLarge = () =>
    new Refusal(413, {
      code: "too-large",
      message: `the body has more than ${most / 1024} KiB`,
    });
  if (Number(request.headers.get("content-length")) > most) throw tooLarge();
  const body = await request.text().catch(() => {
    throw new Refusal(400, { code: "bad-request", message: "the body is incomplete" });
  });
  if (Buffer.byteLength(body) > most) throw tooLarge();
  if (body === "") return undefined;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw new Refusal(400, { code: "bad-request", message: "the body is not JSON" });
  }
}

/** With nothing in it that a terminal obeys: people ask with curl. */
export function jsonResponse(value: unknown, { status = 200 } = {}): Response {
  const headers = { "Content-Type": "application/json;charset=utf-8" };
  return new Response(printableJson(JSON.stringify(value)), { status, headers });
}

export function failure(status: number, error: ApiError): Response {
  return jsonResponse({ error }, { status });
}

function match(
  pattern: readonly string[],
  segments: readonly string[],
): Readonly<Record<string, string>> | null {
  if (pattern.length !== segments.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? "";
    if (!part.startsWith(":")) {
      if (part !== segment) return null;
      continue;
    }
    const value = decode(segment);
    if (value === null) return null;
    params[part.slice(1)] = value;
  }
  return params;
}

function decode(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

function denied({ status, error }: Denial): Response {
  const response = failure(status, error);
  if (status === 401) response.headers.set("WWW-Authenticate", 'Bearer realm="bal"');
  return response;
}

function wrongMethod(method: string, route: Route): Response {
  const allowed = METHODS.filter((name) => route[name] !== undefined);
  const allow = allowed.flatMap((name) => (name === "GET" ? ["GET", "HEAD"] : [name])).join(", ");
  const message = `this route does not support ${method}, only ${allow}`;
  const response = failure(405, { code: "method-not-allowed", message });
  response.headers.set("Allow", allow);
  return response;
}

// A stream that nobody will read is let go of.
async function headOf(response: Response): Promise<Response> {
  const { status, headers } = response;
  if (headers.get("Content-Type")?.startsWith("text/event-stream")) await response.body?.cancel();
  else headers.set("Content-Length", String((await response.arrayBuffer()).byteLength));
  return new Response(null, { status, headers });
}

// From a request to its handler.
import { expect, test } from "bun:test";
import type { Door } from "../../../src/control/admin/authorization.ts";
import { Refusal, Router, type Routes, readJson } from "../../../src/control/admin/router.ts";

const SOCKET: Door = { kind: "socket" };
const text = (body: string) => new Response(body);

const ROUTES: Routes = {
  "/open": { isOpen: true, GET: () => text("open") },
  "/thing": { GET: ({ query }) => text(`thing ${query.get("q")}`), POST: () => text("made") },
  "/pools/:pool/backends/:backend": {
    PATCH: ({ params }) => text(`${params.pool} ${params.backend}`),
  },
  "/body": { POST: async ({ request }) => Response.json({ read: await readJson(request) }) },
  "/refusal": {
    GET: () => {
      throw new Refusal(418, { code: "teapot", message: "no" });
    },
  },
  "/fault": { GET: async () => Promise.reject(new Error("oh")) },
};

type Request_ = { readonly method?: string; readonly body?: string; readonly door?: Door };

async function ask(path: string, { method = "GET", body, door = SOCKET }: Request_ = {}) {
  const faults: unknown[] = [];
  const router = new Router(ROUTES, {
    started: Promise.resolve(),
    onFault: (error) => faults.push(error),
  });
  const request = new Request(`http://bal${path}`, { method, ...(body !== undefined && { body }) });
  const response = await router.answer(request, door);
  return {
    status: response.status,
    headers: response.headers,
    text: await response.text(),
    faults,
  };
}

const codeOf = ({ text }: { text: string }) => JSON.parse(text).error.code;

test("a route's handler answers, with the query", async () => {
  expect((await ask("/thing?q=1")).text).toBe("thing 1");
  expect((await ask("/thing", { method: "POST" })).text).toBe("made");
});

test.each([
  ["/pools/web/backends/10.0.0.1:80", "web 10.0.0.1:80"],
  ["/pools/web/backends/%5B::1%5D:80", "web [::1]:80"],
  ["/pools/a%2Fb/backends/unix:%2Frun%2Fapp.sock", "a/b unix:/run/app.sock"],
  ["/pools/__proto__/backends/constructor", "__proto__ constructor"],
])("%s is %s", async (path, expected) => {
  expect((await ask(path, { method: "PATCH" })).text).toBe(expected);
});

test.each([
  "/",
  "/thing/",
  "/thing/x",
  "//thing",
  "/pools//x",
  "/toString",
  "/pools/%ZZ/backends/b",
])("%s is no route", async (path) => {
  const answer = await ask(path);
  expect([answer.status, codeOf(answer)]).toEqual([404, "not-found"]);
});

test.each([
  ["DELETE", "/thing", "GET, HEAD, POST"],
  ["OPTIONS", "/thing", "GET, HEAD, POST"],
  ["GET", "/pools/a/backends/b", "PATCH"],
  ["HEAD", "/body", "POST"],
])("%s %s is 405, and Allow is %s", async (method, path, allow) => {
  const { status, headers } = await ask(path, { method });
  expect([status, headers.get("allow")]).toEqual([405, allow]);
});

test("HEAD is GET without its body", async () => {
  const { status, headers, text } = await ask("/thing?q=1", { method: "HEAD" });
  expect([status, headers.get("content-length"), text]).toEqual([200, "7", ""]);
});

test.each([
  ['{"a":1}', 200, { read: { a: 1 } }],
  ["", 200, {}],
  ["{", 400, { error: { code: "bad-request", message: "the body is not JSON" } }],
  ["x".repeat(70_000), 413, { error: { code: "too-large", message: expect.any(String) } }],
  ["é".repeat(60_000), 413, { error: { code: "too-large", message: expect.any(String) } }],
])("a body such as %p is %d", async (body, status, expected) => {
  const answer = await ask("/body", { method: "POST", body: body as string });
  expect(answer.status).toBe(status as number);
  expect(JSON.parse(answer.text)).toEqual(expected);
});

test("a refusal is answered as it is, and anything else that is thrown is 500 and logged", async () => {
  const refused = await ask("/refusal");
  expect([refused.status, codeOf(refused), refused.faults]).toEqual([418, "teapot", []]);
  const fault = await ask("/fault");
  expect([fault.status, codeOf(fault), fault.faults]).toEqual([500, "fault", [new Error("oh")]]);
  expect(fault.text).not.toContain("oh");
});

test("without the token only an open route answers; what else there is stays untold", async () => {
  const door: Door = { kind: "tcp", token: "t" };
  expect((await ask("/open", { door })).status).toBe(200);
  for (const path of ["/thing", "/nowhere"]) {
    const { status, headers } = await ask(path, { door });
    expect([status, headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="bal"']);
  }
});

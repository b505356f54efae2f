// Who may use the admin API over TCP.
import { expect, test } from "bun:test";
import { denialOf } from "../../../src/control/admin/authorization.ts";

type Headers_ = Readonly<Record<string, string>>;

function statusOf(headers: Headers_, token: string | null): number {
  return denialOf(new Headers(headers), { kind: "tcp", token })?.status ?? 200;
}

test("the unix socket's mode is check enough", () => {
  const headers = new Headers({ host: "evil.example", origin: "http://evil.example" });
  expect(denialOf(headers, { kind: "socket" })).toBeNull();
});

test.each<[Headers_, number]>([
  [{ host: "127.0.0.1:9296" }, 200],
  [{ host: "127.0.0.1" }, 200],
  [{ host: "127.8.0.1:9296" }, 200],
  [{ host: "localhost:9296" }, 200],
  [{ host: "LOCALHOST:80" }, 200],
  [{ host: "[::1]:9296" }, 200],
  [{ host: "evil.example:9296" }, 403],
  [{ host: "evil.example" }, 403],
  [{ host: "127.0.0.1.evil.example" }, 403],
  [{ host: "localhost.evil.example:9296" }, 403],
  [{ host: "10.0.0.1:9296" }, 403],
  [{ host: "[fe80::1]:9296" }, 403],
  [{ host: "" }, 403],
  [{}, 403],
  [{ host: "localhost:9296", origin: "http://localhost:9296" }, 200],
  [{ host: "localhost:9296", origin: "http://localhost:3000" }, 403],
  [{ host: "localhost:9296", origin: "https://localhost:9296" }, 403],
  [{ host: "localhost:9296", origin: "http://evil.example" }, 403],
  [{ host: "localhost:9296", origin: "http://evil.example:9296" }, 403],
  [{ host: "localhost:9296", origin: "null" }, 403],
  [{ host: "localhost:9296", origin: "" }, 403],
])("without a token %o is %d", (headers, status) => {
  expect(statusOf(headers, null)).toBe(status);
});

test.each<[string | undefined, number]>([
  ["Bearer s3cret", 200],
  ["bearer  s3cret", 200],
  ["Bearer s3cre", 401],
  ["Bearer s3crets", 401],
  ["Bearer S3CRET", 401],
  ["Bearer ", 401],
  ["Bearer s3cret s3cret", 401],
  ["Basic s3cret", 401],
  ["s3cret", 401],
  [undefined, 401],
])("with a token, %j is %d", (authorization, status) => {
  expect(statusOf(authorization === undefined ? {} : { authorization }, "s3cret")).toBe(status);
});

test("with a token it decides alone, under whatever name bal is reached", () => {
  const headers = { host: "lb.example", origin: "http://lb.example", authorization: "Bearer t" };
  expect(statusOf(headers, "t")).toBe(200);
});

test("a refusal never tells the token, and says how to send it", () => {
  const denial = denialOf(new Headers(), { kind: "tcp", token: "s3cret" });
  expect(JSON.stringify(denial)).not.toContain("s3cret");
  expect(denial?.error.hint).toContain("Authorization: Bearer");
});

// Which route a client takes, by the name and the protocols that it asks for.
import { expect, test } from "bun:test";
import { NO_HELLO } from "../../../src/policy/tls/client-hello.ts";
import { buildRoutes, type RouteRule } from "../../../src/policy/tls/route.ts";

const NOBODY: RouteRule = { sni: [], alpn: [], isDefault: false, isPlain: false };
const sni = (...names: string[]): RouteRule => ({ ...NOBODY, sni: names });
const alpn = (...protocols: string[]): RouteRule => ({ ...NOBODY, alpn: protocols });
const DEFAULT: RouteRule = { ...NOBODY, isDefault: true };

// The weakest kind first: order in the config does not count between kinds.
const table = buildRoutes([
  DEFAULT,
  alpn("h2", "acme-tls/1"),
  alpn("postgresql"),
  sni("*.b.example", "*.Deep.example"),
  sni("*.c.b.example"),
  sni("a.example", "x.c.b.example"),
  sni("a.example", "*.b.example"),
]);

test.each([
  ["a.example", [], 5],
  ["a.example", ["h2"], 5],
  ["x.b.example", [], 3],
  ["x.y.b.example", [], 3],
  ["b.example", [], 0],
  ["xb.example", [], 0],
  ["y.c.b.example", [], 4],
  ["x.c.b.example", [], 5],
  ["x.deep.example", [], 3],
  ["other.example", ["h2"], 1],
  ["other.example", ["http/1.1", "postgresql", "h2"], 2],
  ["other.example", ["H2"], 0],
  [".b.example", [], 0],
  ["x y.b.example", ["h2"], 1],
  ["bücher.b.example", [], 0],
  ["x..b.example", [], 0],
  [null, ["acme-tls/1"], 1],
  [null, ["http/1.1"], 0],
  [null, [], 0],
] as const)("%j with %j takes route %d", (name, protocols, route) => {
  expect(table.choose({ sni: name, alpn: protocols })).toBe(route);
});

test("without a default there may be none", () => {
  const routes = buildRoutes([sni("a.example"), alpn("h2")]);
  expect(routes.choose({ sni: "b.example", alpn: ["http/1.1"] })).toBe(-1);
  expect(routes.choose({ sni: null, alpn: [] })).toBe(-1);
  expect(buildRoutes([]).choose({ sni: "a.example", alpn: ["h2"] })).toBe(-1);
});

test("of many names each finds its own", () => {
  const rules = Array.from({ length: 5_000 }, (_, i) => sni(`n${i}.example`, `*.w${i}.example`));
  const { choose } = buildRoutes(rules);
  const names = ["n0.example", "a.b.w77.example", "n4999.example", "w7.example"];
  expect(names.map((name) => choose({ sni: name, alpn: [] }))).toEqual([0, 77, 4999, -1]);
});

test("a client that does not speak TLS takes its own route, and no other", () => {
  const plain: RouteRule = { ...NOBODY, isPlain: true };
  expect(buildRoutes([DEFAULT, plain]).choose(NO_HELLO)).toBe(1);
  expect(buildRoutes([DEFAULT]).choose(NO_HELLO)).toBe(-1);
  expect(buildRoutes([plain]).choose({ sni: null, alpn: [] })).toBe(-1);
});

// Where clients go, in words: the same for the terminal and for the dashboard.
import { expect, test } from "bun:test";
import type { ListenerStatus } from "../../src/api/admin-api.ts";
import { clientsFor, destinationOf } from "../../src/api/destination.ts";
import { listenerStatus } from "../support/statuses.ts";

const plain = listenerStatus("edge");
const routed: ListenerStatus = {
  ...plain,
  pool: null,
  routes: [
    { sni: ["a.example", "b.example", "c.example"], pool: "web" },
    { sni: ["*.example"], pool: "web" },
    { alpn: ["h2"], pool: "grpc" },
    { sni: ["bad.example"], refuse: true },
    { default: true, pool: "rest" },
  ],
};

test("a listener's pools", () => {
  expect(destinationOf(plain)).toBe("web");
  expect(destinationOf(routed)).toBe("web, grpc, rest");
  const many = Array.from({ length: 5 }, (_, n) => ({ sni: [`${n}.test`], pool: `p${n}` }));
  expect(destinationOf({ ...routed, routes: many })).toBe("5 pools");
  expect(destinationOf({ ...routed, routes: [{ default: true, refuse: true }] })).toBe("refused");
});

test("whom of a listener's clients a pool gets", () => {
  expect([clientsFor(plain, "web"), clientsFor(plain, "grpc")]).toEqual(["all", null]);
  expect(["web", "grpc", "rest", "none"].map((pool) => clientsFor(routed, pool))).toEqual([
    "a.example, b.example, c.example and 1 more",
    "h2",
    "default",
    null,
  ]);
});

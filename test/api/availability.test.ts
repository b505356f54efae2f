// How it stands with backends, by their state.
import { expect, test } from "bun:test";
import type { BackendStatus } from "../../src/api/admin-api.ts";
import { availability, isAtFault, isAvailable } from "../../src/api/availability.ts";
import { backendStatus, poolStatus, statusOf } from "../support/statuses.ts";

test.each<[BackendStatus["state"], { takes: boolean; isAtFault: boolean }]>([
  ["up", { takes: true, isAtFault: false }],
  ["unknown", { takes: true, isAtFault: false }],
  ["draining", { takes: false, isAtFault: false }],
  ["ejected", { takes: false, isAtFault: true }],
  ["unresolved", { takes: false, isAtFault: true }],
  ["down", { takes: false, isAtFault: true }],
])("a backend that is %s", (state, expected) => {
  const backend = backendStatus("a", { state });
  expect({ takes: isAvailable(backend), isAtFault: isAtFault(backend) }).toEqual(expected);
});

test("a backend without a weight takes no client, however well it is", () => {
  expect(isAvailable(backendStatus("a", { weight: 0 }))).toBe(false);
});

test("counts those that are up", () => {
  const [up, down] = [backendStatus("a"), backendStatus("b", { state: "down" })];
  expect(availability(statusOf([poolStatus("web", up, down)]))).toBe("1 of 2 backends up");
  expect(availability(statusOf([poolStatus("web", up)]))).toBe("1 of 1 backend up");
});

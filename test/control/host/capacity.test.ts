// The capacity that the open-file limit leaves.
import { expect, test } from "bun:test";
import { connectionsByFileLimit, hostWarnings } from "../../../src/control/host/capacity.ts";
import { firstUnprivilegedPort } from "../../../src/os/limits.ts";
import { parse } from "../../support/findings.ts";

function configOf(listener: object) {
  const listeners = [{ name: "l", pool: "p", ...listener }];
  const pools = { p: { backends: [{ host: "a", port: 1 }] } };
  const result = parse({ zero_copy: false, listeners, pools });
  if (result.kind === "invalid") throw new Error(JSON.stringify(result.errors));
  return result.config;
}

const roomOf = (listener: object) => connectionsByFileLimit(configOf(listener), 4, 10_000);

test("each port of a listener takes two descriptors of every worker, a unix socket as much as a port", () => {
  const one = roomOf({ port: 9000 });
  expect(roomOf({ unix: "/run/edge.sock" })).toBe(one);
  // A connection has two as well.
  expect(one - roomOf({ port: "9000-9009" })).toBe(9 * 4);
  expect(one - roomOf({ port: "9000-10023" })).toBe(1023 * 4);
});

const first = firstUnprivilegedPort();

// Root may have every port.
test.skipIf(first < 2)(
  "a range that begins below the ports that everybody may have is warned of",
  () => {
    const warnings = (listener: object) =>
      hostWarnings(configOf(listener), 1).filter((text) => text.startsWith("listener l:"));
    expect(warnings({ port: `${first}-${first + 1}` })).toEqual([]);
    expect(warnings({ port: `${first - 1}-${first}` })).toEqual([
      expect.stringContaining(`ip_unprivileged_port_start=${first - 1}`),
    ]);
  },
);

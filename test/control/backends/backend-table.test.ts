// The backends of the config in force, beside their rows on the board.
import { expect, test } from "bun:test";
import { parseConfig } from "../../../src/config/parse.ts";
import { BackendTable } from "../../../src/control/backends/backend-table.ts";
import { OverrideStore } from "../../../src/control/backends/override-store.ts";
import { Board } from "../../../src/shared/board.ts";
import { silentLog } from "../../support/silent-log.ts";

function configOf(ports: readonly number[]) {
  const backends = ports.map((port) => ({ host: "127.0.0.1", port }));
  const text = JSON.stringify({ port: 9295, backends });
  const parsed = parseConfig(Buffer.from(text), "test");
  if (parsed.kind !== "valid") throw new Error("the config is not valid");
  return parsed.config;
}

function table() {
  return new BackendTable({
    board: new Board(),
    overrides: new OverrideStore(null, silentLog({})),
    endpointsOf: () => [{ family: 4, ip: "127.0.0.1", port: 1 }],
    onStateChange: () => {},
    onForgotten: () => {},
  });
}

test("the backends of a pool are looked up once for each config", () => {
  const backends = table();
  const namesOf = () =>
    backends.present.map((pool) => backends.ofPool(pool).map(({ config }) => config.name));
  for (const ports of [[1, 2], [2, 3], [3]]) {
    backends.reconcile(configOf(ports));
    expect(namesOf()).toEqual([ports.map((port) => `127.0.0.1:${port}`)]);
    const [pool] = backends.present;
    // Each change of a state asks for them: 4,096 that come up must not look up 4,096 each.
    expect(backends.ofPool(pool!)).toBe(backends.ofPool(pool!));
  }
});

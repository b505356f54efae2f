// A reload with a worker that cannot take all of it: what is told until it can.
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type LoadResult, loadConfig } from "../../../src/config/load.ts";
import type { AdminServer } from "../../../src/control/admin/server.ts";
import { NO_KNOWLEDGE } from "../../../src/control/backends/backends.ts";
import { OverrideStore } from "../../../src/control/backends/override-store.ts";
import { EventBus } from "../../../src/control/events/event-bus.ts";
import type { Logs } from "../../../src/control/logs/logs.ts";
import { type InForce, reload } from "../../../src/control/reload/reload.ts";
import { DataPlane } from "../../../src/control/workers/data-plane.ts";
import { isLinux } from "../../../src/os/libc.ts";
import { simpleConfig, temporaryHome } from "../../support/bal.ts";
import { namedPeer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { silentLog } from "../../support/silent-log.ts";
import { exchange } from "../../support/wire.ts";

/** A number that no process has open. */
const NO_DESCRIPTOR = 999_999;
const MOVE = { commit: () => {}, undo: () => {} };

function valid(loaded: LoadResult) {
  if (loaded.kind === "invalid") throw new Error("the config is invalid");
  return loaded.config;
}

// Elsewhere a worker is lent nothing.
test.skipIf(!isLinux)(
  "a reload after one that a worker could not take does not say that nothing differs",
  async () => {
    using backend = namedPeer("a");
    using home = temporaryHome();
    const file = join(home.path, "config.yaml");
    const write = (port: number) =>
      writeFileSync(file, JSON.stringify({ ...simpleConfig([backend], { workers: 1 }), port }));
    write(freePort());
    const config = valid(await loadConfig(file));
    const log = silentLog();
    const dataPlane = new DataPlane(config, {
      ...{ log, overrides: new OverrideStore(null, log), events: new EventBus(), handed: [] },
      ...{ knowledge: NO_KNOWLEDGE, onAccess: () => {} },
    });
    using _ = { [Symbol.dispose]: () => dataPlane.end() };
    await dataPlane.start();
    const inForce: InForce = {
      ...{ config, generation: 1, loadedAt: new Date(), by: "start", changes: [] },
      kept: { listeners: 0, backends: 0 },
    };
    const parts = {
      ...{ file, inForce, dataPlane, log, onApplied: () => {} },
      admin: { move: () => MOVE } as unknown as AdminServer,
      logs: { move: () => MOVE } as unknown as Logs,
    };
    const { sockets } = dataPlane;
    const lend = sockets.assignSockets.bind(sockets);
    sockets.assignSockets = () => [NO_DESCRIPTOR];
    const port = freePort();
    write(port);
    const failure = {
      kind: "failed",
      error: {
        code: "apply-failed",
        message:
          "generation 2 is in force, but not complete yet: worker 0: cannot accept on default: EBADF",
      },
      errors: [],
    };
    expect(await reload(parts, "api")).toEqual(failure as never);
    // The file is the same, and so is the trouble.
    expect(await reload(parts, "api")).toEqual(failure as never);
    sockets.assignSockets = lend;
    expect(await reload(parts, "api")).toMatchObject({ kind: "done", report: { unchanged: true } });
    expect((await exchange(port, "?")).text).toBe("a");
  },
);

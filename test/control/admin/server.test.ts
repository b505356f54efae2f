// The admin API and its client, over a real unix socket.
import { expect, test } from "bun:test";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ReloadOutcome, Status } from "../../../src/api/admin-api.ts";
import { AdminClient } from "../../../src/api/client.ts";
import type { ControlApi } from "../../../src/control/admin/control-api.ts";
import { AdminServer } from "../../../src/control/admin/server.ts";
import { EventBus } from "../../../src/control/events/event-bus.ts";
import { HistoryRing } from "../../../src/control/observe/history.ts";
import { temporaryHome } from "../../support/bal.ts";
import { silentLog } from "../../support/silent-log.ts";

const NOTHING = { listeners: [], pools: [], problems: [] };
const STATUS = { pid: 7, phase: "running", ...NOTHING } as Partial<Status> as Status;
const REPORT = {
  generation: 2,
  unchanged: false,
  loaded_at: "2026-01-01T00:00:00.000Z",
  by: "api",
  changes: [],
  kept: { listeners: 1, backends: 2 },
  warnings: [],
} as const;

/** A server in front of a process that does what it is told to. */
function served(overrides: Partial<ControlApi> = {}) {
  const folder = temporaryHome();
  const socketPath = join(folder.path, "bal.sock");
  const stops: boolean[] = [];
  const api: ControlApi = {
    status: () => STATUS,
    reload: async () => ({ kind: "done", report: REPORT }),
    preview: async () => ({ kind: "done", report: { generation: 2, changes: [], warnings: [] } }),
    override: async () => ({ kind: "unknown" }),
    upgrade: async () => ({ kind: "refused", error: { code: "upgrading", message: "busy" } }),
    config: () => ({ file: null, generation: 1, loaded_at: "", last_reload: null, config: {} }),
    metrics: () => [],
    history: (last) => new HistoryRing(0).read(last),
    stop: (now) => {
      stops.push(now);
      return { active: 3 };
    },
    sessions: async () => [],
    killSession: async () => false,
    isReady: () => true,
    started: Promise.resolve(),
    ...overrides,
  };
  writeFileSync(socketPath, "what a killed one left");
  const faults: string[] = [];
  const server = new AdminServer(api, {
    log: silentLog({ error: (event) => faults.push(event) }),
    events: new EventBus(),
  });
  server.serveSocket(socketPath);
  return {
    socketPath,
    stops,
    faults,
    server,
    client: new AdminClient(socketPath),
    fetch: (method: string, path: string, body?: string) =>
      fetch(`http://bal${path}`, { unix: socketPath, method, ...(body && { body }) }),
    async [Symbol.asyncDispose]() {
      await server.stop();
      folder[Symbol.dispose]();
    },
  };
}

test("the socket is this user's, replaces a stale one, and goes with the server", async () => {
  await using bal = served();
  const { mode } = statSync(bal.socketPath);
  expect(mode & 0o777).toBe(0o600);
  expect(process.umask()).not.toBe(0o177);
  await bal.server.stop();
  expect(existsSync(bal.socketPath)).toBe(false);
});

test("livez and readyz", async () => {
  let isReady = true;
  await using bal = served({ isReady: () => isReady });
  const codes = async () =>
    Promise.all(["/livez", "/readyz"].map(async (path) => (await bal.fetch("GET", path)).status));
  expect(await codes()).toEqual([200, 200]);
  isReady = false;
  expect(await codes()).toEqual([200, 503]);
});

test("status is what the process says", async () => {
  await using bal = served();
  expect(await bal.client.status()).toEqual({ kind: "ok", body: STATUS });
});

const ERROR = { code: "config-invalid", message: "no" };
const FINDING = {
  severity: "error",
  file: "f",
  line: 1,
  column: 2,
  path: "p",
  code: "c",
  message: "m",
} as const;

test.each<[ReloadOutcome, number]>([
  [{ kind: "done", report: REPORT }, 200],
  [{ kind: "failed", error: ERROR, errors: [FINDING] }, 422],
  [{ kind: "refused", error: { code: "draining", message: "no" } }, 409],
])("a reload that is %o is %d, and the client knows it again", async (outcome, code) => {
  await using bal = served({ reload: async () => outcome });
  expect((await bal.fetch("POST", "/v1/reload")).status).toBe(code);
  const answer = await bal.client.reload();
  if (outcome.kind === "done") expect(answer).toEqual({ kind: "ok", body: REPORT });
  else {
    const errors = outcome.kind === "failed" ? outcome.errors : [];
    expect(answer).toEqual({ kind: "failed", error: outcome.error, errors });
  }
});

test("a reload that waits longer than Bun lets a silent client live is answered", async () => {
  await using bal = served({
    reload: async () => {
      await Bun.sleep(13_000);
      return { kind: "done", report: REPORT };
    },
  });
  expect((await bal.client.reload()).kind).toBe("ok");
}, 20_000);

test("stop passes on whether now, and takes no body for another", async () => {
  await using bal = served();
  expect(await bal.client.stop(true)).toEqual({ kind: "ok", body: { active: 3 } });
  expect(await bal.client.stop(false)).toEqual({ kind: "ok", body: { active: 3 } });
  await bal.fetch("POST", "/v1/stop");
  expect(bal.stops).toEqual([true, false, false]);
  for (const body of ["{", "null", "[]", "1", '{"nwo":true}', '{"now":1}']) {
    const response = await bal.fetch("POST", "/v1/stop", body);
    expect([body, response.status]).toEqual([body, 400]);
  }
  expect(bal.stops).toHaveLength(3);
});

test.each([
  ["GET", "/nope", 404, "not-found"],
  ["GET", "/v1/reload", 405, "method-not-allowed"],
  ["DELETE", "/v1/stop", 405, "method-not-allowed"],
  ["POST", "/v1/status?x=1", 405, "method-not-allowed"],
])("%s %s is %d %s, as JSON", async (method, path, status, code) => {
  await using bal = served();
  const response = await bal.fetch(method, path);
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({ error: { code, message: expect.any(String) } });
});

test("a fault in the process is 500 in words", async () => {
  const fault = () => {
    throw new Error("oh");
  };
  await using bal = served({ status: fault });
  const response = await bal.fetch("GET", "/v1/status");
  expect(response.status).toBe(500);
  expect(await response.json()).toEqual({
    error: { code: "fault", message: "an internal fault; see bal's log" },
  });
  expect(bal.faults).toEqual(["fault"]);
});

test("no socket, and one that nobody listens at, mean that no bal runs", async () => {
  using folder = temporaryHome();
  const path = join(folder.path, "bal.sock");
  expect(await new AdminClient(path).status()).toEqual({ kind: "absent" });
  const script = `Bun.listen({ unix: ${JSON.stringify(path)}, socket: { data() {} } }); console.log(1)`;
  const killed = Bun.spawn([process.execPath, "-e", script], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  await killed.stdout.getReader().read();
  killed.kill("SIGKILL");
  await killed.exited;
  expect(existsSync(path)).toBe(true);
  expect(await new AdminClient(path).status()).toEqual({ kind: "absent" });
});

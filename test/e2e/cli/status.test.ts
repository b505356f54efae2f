// `bal status`: what scripts and people read, and the command line's own manners.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import {
  Bal,
  balBinary,
  runBal,
  simpleConfig,
  spawnBal,
  temporaryHome,
} from "../../support/bal.ts";
import { holdingPeer, namedPeer } from "../../support/peer.ts";
import { until } from "../../support/until.ts";
import { connect, exchange } from "../../support/wire.ts";

setDefaultTimeout(30_000);

const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);

test("--json is the object that was promised", async () => {
  using a = holdingPeer("a");
  using bal = await spawnBal({ config: simpleConfig([a], { workers: 2 }) });
  await bal.untilState(a.port, "up");
  using client = await connect(bal.port);
  void client.send("?");
  await client.read(1);
  const status: unknown = await bal.status();
  expect(status).toEqual({
    pid: bal.pid,
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    commit: expect.any(String),
    started_at: ISO,
    uptime_s: expect.any(Number),
    phase: "running",
    workers: 2,
    config: { file: bal.file, generation: 1, loaded_at: ISO, last_reload: null },
    limits: { max_connections: expect.any(Number), active: 1 },
    listeners: [
      {
        name: "default",
        address: `127.0.0.1:${bal.port}`,
        pool: "default",
        active: 1,
        max_connections: 0,
        accepted: 1,
        refused: 0,
        refused_by: {},
      },
    ],
    pools: [
      {
        name: "default",
        method: "round_robin",
        failing_open: false,
        queue: { length: 0, size: 0 },
        backends: [
          {
            name: `127.0.0.1:${a.port}`,
            address: `127.0.0.1:${a.port}`,
            backup: false,
            state: "up",
            since: ISO,
            reason: null,
            down_s: 0,
            weight: 1,
            active: 1,
            max_connections: 0,
            total: 1,
            bytes_up: expect.any(Number),
            bytes_down: expect.any(Number),
            dial_errors: 0,
            retries: 0,
            check_ms: expect.any(Number),
            check: {
              ...{ passed: expect.any(Number), failed: expect.any(Number), last: "passed" },
              ...{ in_a_row: expect.any(Number), needed: 2 },
            },
          },
        ],
      },
    ],
    problems: [],
  });
});

test("in words it names the listeners, the backends and their states", async () => {
  using a = namedPeer("a");
  using bal = await spawnBal({ config: simpleConfig([a]) });
  await bal.untilState(a.port, "up");
  const { code, stdout } = await bal.run("status");
  expect(code).toBe(0);
  for (const word of [
    String(bal.pid),
    `:${bal.port}`,
    `127.0.0.1:${a.port}`,
    "up",
    "config.yaml",
  ]) {
    expect(stdout).toContain(word);
  }
  expect(stdout).not.toContain("\u001b[");
});

test("status dials no backend", async () => {
  using a = namedPeer("a");
  using bal = await spawnBal({
    config: simpleConfig([a], { health_check: { interval: "60s", rise: 1 } }),
  });
  await bal.untilState(a.port, "up");
  const before = a.connections;
  for (let i = 0; i < 3; i++) await bal.status();
  expect(a.connections).toBe(before);
});

test("whoever sees the port accept is answered, also while bal still starts", async () => {
  using a = namedPeer("a");
  for (let start = 0; start < 3; start++) {
    using bal = new Bal({ config: simpleConfig([a]) });
    await until("the port accepts", async () => {
      const client = await connect(bal.port).catch(() => null);
      client?.[Symbol.dispose]();
      return client !== null;
    });
    const [status, diff] = [await bal.run("status", "--json"), await bal.run("diff")];
    expect([status.code, diff.code]).toEqual([0, 0]);
    expect(JSON.parse(status.stdout).pools[0].backends).toHaveLength(1);
  }
});

test("where nothing runs it is 1", async () => {
  using home = temporaryHome();
  const { code, stdout } = await runBal(["status"], { home: home.path });
  expect([code, stdout]).toEqual([1, ""]);
  const json = await runBal(["status", "--json"], { home: home.path });
  expect(json.code).toBe(1);
});

test("a client whom nobody served is counted as accepted", async () => {
  using bal = await spawnBal({ config: simpleConfig([{ port: 1 }]) });
  const before = (await bal.status()).listeners[0]!.accepted;
  await exchange(bal.port, "?");
  expect((await bal.status()).listeners[0]!.accepted).toBe(before + 1);
});

describe("the command line", () => {
  const COMMANDS = ["start", "check", "graceful", "reload", "stop", "status", "demo"];

  test.each(COMMANDS)("%s --help is 0, on stdout", async (command) => {
    const { code, stdout } = await runBal([command, "--help"]);
    expect(code).toBe(0);
    expect(stdout.toLowerCase()).toContain("usage");
  });

  test("--help names every command", async () => {
    const { code, stdout } = await runBal(["--help"]);
    expect(code).toBe(0);
    for (const command of COMMANDS) expect(stdout).toContain(command);
  });

  test("--version is the version of the package", async () => {
    const { version } = await Bun.file(join(import.meta.dir, "../../../package.json")).json();
    const { code, stdout } = await runBal(["--version"]);
    expect(code).toBe(0);
    expect(stdout).toContain(version);
  });

  test("a mistyped option is 2, with the near one", async () => {
    const { code, stderr } = await runBal(["status", "--jsno"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("did you mean `--json`?")]);
  });

  test("a mistyped command is 2, with the near one, on stderr", async () => {
    const { code, stdout, stderr } = await runBal(["stats"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/stat(us)/);
  });

  test.each([["start"], ["check"], ["status"], ["stop"], ["graceful"]])(
    "%s with an unknown option is 2, without a stack trace",
    async (command) => {
      using home = temporaryHome();
      const { code, stderr } = await runBal([command, "--frobnicate"], { home: home.path });
      expect(code).toBe(2);
      expect(stderr).toContain("frobnicate");
      expect(stderr).not.toMatch(/^\s+at /m);
    },
  );

  test("the binary alone in an empty folder runs", async () => {
    using folder = temporaryHome();
    const alone = join(folder.path, "bal");
    copyFileSync(balBinary(), alone);
    const child = Bun.spawn([alone, "check", "-c", "-"], {
      cwd: folder.path,
      env: { PATH: "/nonexistent", BAL_HOME: folder.path },
      stdin: Buffer.from("port: 9295\nbackends: [{host: 10.0.0.1, port: 1}]\n"),
      stdout: "ignore",
      stderr: "ignore",
    });
    expect(await child.exited).toBe(0);
  });
});

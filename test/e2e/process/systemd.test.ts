// Under systemd: the unit that `bal service` prints, and what its manager is told.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { balBinary, runBal, simpleConfig, spawnBal } from "../../support/bal.ts";
import { NotifySocket } from "../../support/notify-socket.ts";
import { namedPeer } from "../../support/peer.ts";
import { exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

function folder() {
  const path = mkdtempSync(join(tmpdir(), "bal-unit-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** What systemd-analyze has against a unit. */
function verify(unit: string, at: string, ...args: readonly string[]) {
  const file = join(at, "bal.service");
  writeFileSync(file, unit);
  const { status, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", ...args, file], {
    encoding: "utf8",
    env: { ...process.env, XDG_RUNTIME_DIR: at },
  });
  return { status, stderr };
}

describe.skipIf(Bun.which("systemd-analyze") === null)("systemd (where it is installed)", () => {
  test.each([
    ["the system's", []],
    ["the user's", ["--user"]],
  ])("has nothing against %s unit", async (_, args) => {
    using place = folder();
    const { code, stdout, stderr } = await runBal(["service", ...args], { home: place.path });
    expect([code, stderr]).toEqual([0, ""]);
    expect(verify(stdout, place.path, ...args)).toEqual({ status: 0, stderr: "" });
  });

  test("takes a binary at a path with odd characters", async () => {
    using place = folder();
    const binary = join(place.path, "it is %h of $HOME");
    copyFileSync(balBinary(), binary);
    const { stdout } = spawnSync(binary, ["service"], { encoding: "utf8" });
    expect(verify(stdout, place.path)).toEqual({ status: 0, stderr: "" });
  });
});

test("the unit runs the binary as it was called: by the link, where it was one", async () => {
  using place = folder();
  const link = join(place.path, "bal");
  symlinkSync(balBinary(), link);
  const called = (command: string, env: Record<string, string>) =>
    /^ExecStart=(\S+)/m.exec(
      spawnSync(command, ["service"], { encoding: "utf8", cwd: place.path, env }).stdout,
    )?.[1];
  expect(called(link, {})).toBe(link);
  expect(called("./bal", {})).toBe(link);
  expect(called("bal", { PATH: place.path })).toBe(link);
  expect(called(balBinary(), {})).toBe(balBinary());
});

test("the user's unit has the home that is set", async () => {
  const { stdout } = await runBal(["service", "--user"], { home: "/some where/bal" });
  expect(stdout).toContain('\nEnvironment="BAL_HOME=/some where/bal"\n');
});

test.each(["path", "abstract"] as const)(
  "the manager at an address of kind %s is told what bal does",
  async (kind) => {
    using a = namedPeer("a");
    using manager = new NotifySocket(kind);
    const config = simpleConfig([a], { watch: false });
    const env = { NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: "200000" };
    using bal = await spawnBal({ config, env });
    await manager.line("READY=1");
    // Clients are served by then.
    expect((await exchange(bal.port, "?")).text).toBe("a");
    expect(await manager.line("STATUS=")).toBe("STATUS=generation 1: 1 listener(s), 1 backend(s)");
    await manager.line("WATCHDOG=1");

    manager.messages.length = 0;
    await bal.reload({ ...config, retries: 3 });
    const told = () =>
      manager
        .receive()
        .flat()
        .filter((line) => !line.startsWith("WATCHDOG"));
    await manager.line("STATUS=generation 2");
    expect(told()).toEqual([
      "RELOADING=1",
      expect.stringMatching(/^MONOTONIC_USEC=\d+$/),
      "STATUS=reloading",
      "READY=1",
      "STATUS=generation 2: 1 listener(s), 1 backend(s)",
    ]);
    const usec = Number(told()[1]!.slice("MONOTONIC_USEC=".length));
    const uptimeUsec = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1e6;
    expect(Math.abs(usec - uptimeUsec)).toBeLessThan(60e6);

    manager.messages.length = 0;
    expect(await bal.stop()).toBe(0);
    expect(told()).toEqual(["STOPPING=1", "EXTEND_TIMEOUT_USEC=35000000", "STATUS=draining"]);
  },
);

test.each(["/nowhere/socket", "@nobody", "nonsense", "vsock:2:1", "/"])(
  "a manager that is not at %s stops nobody",
  async (path) => {
    using a = namedPeer("a");
    const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: "nonsense" };
    using bal = await spawnBal({ config: simpleConfig([a]), env });
    expect((await exchange(bal.port, "?")).text).toBe("a");
    expect(await bal.stop()).toBe(0);
  },
);

test("what the runtime in the binary obeys is not handed on to a bal in the background", () => {
  using backend = namedPeer("b");
  using at = folder();
  const home = join(at.path, "home");
  const file = join(at.path, "config.yaml");
  writeFileSync(file, JSON.stringify(simpleConfig([backend])));
  const env = { BAL_HOME: home, PATH: process.env.PATH ?? "", BUN_JSC_useJIT: "1" };
  const run = (...args: readonly string[]) =>
    spawnSync(balBinary(), args, { encoding: "utf8", env });
  expect(run("start", "-d", "-c", file)).toMatchObject({ status: 0 });
  using _ = { [Symbol.dispose]: () => void run("stop", "--now") };
  const [pid] = readFileSync(join(home, "bal.pid"), "utf8").split(/\s/);
  const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  expect(environment.filter((one) => one.startsWith("BUN_"))).toEqual([]);
  expect(environment).toContain(`BAL_HOME=${home}`);
});

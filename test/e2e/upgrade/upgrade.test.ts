// `bal upgrade`: another process takes the running one's place.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Load, summary } from "../../soak/load.ts";
import {
  type Bal,
  balBinary,
  runBal,
  simpleConfig,
  spawnBal,
  temporaryHome,
} from "../../support/bal.ts";
import { NotifySocket } from "../../support/notify-socket.ts";
import { echoPeer, namedPeer, peer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { killAllOf, processesOf, servingPid } from "../../support/processes.ts";
import { until } from "../../support/until.ts";
import { connect, exchange } from "../../support/wire.ts";

setDefaultTimeout(120_000);

/** Until only the process that serves is there. */
const untilAlone = (bal: Bal) =>
  until("the old ones have ended", () => processesOf(bal.home).length === 1);

test("no connection is lost, whatever the number of workers", async () => {
  using short = peer(async (wire) => {
    await wire.read(1);
    void wire.send("x".repeat(1024));
    wire.finish();
  });
  const config = simpleConfig([short], { watch: false });
  using bal = await spawnBal({ config: { ...config, workers: 2 } });
  const load = new Load({ port: bal.port, total: Number.POSITIVE_INFINITY, atOnce: 16 });
  const pids = [bal.pid];
  for (const workers of [3, 1, 2]) {
    bal.write({ ...config, workers });
    const { done } = load;
    pids.push((await bal.upgrade()).pid);
    expect((await bal.status()).workers).toBe(workers);
    await until("the new one is under load", () => load.done > done + 200);
  }
  await load.stop();
  expect(summary(load.failures)).toBe("none");
  expect(new Set(pids).size).toBe(4);
  expect(await bal.exited).toBe(0);
  await untilAlone(bal);
});

test("commands are for the new process from then on", async () => {
  using a = namedPeer("a");
  const config = simpleConfig([a], { watch: false });
  using bal = await spawnBal({ config });
  const { pid, version, left } = await bal.upgrade();
  const status = await bal.status();
  expect([status.pid, status.version, left]).toEqual([pid, version, 0]);
  expect([servingPid(bal.home), pid !== bal.pid]).toEqual([pid, true]);
  expect(await bal.exited).toBe(0);
  expect((await bal.reload({ ...config, retries: 3 })).generation).toBe(2);
  expect((await bal.run("start", "-c", bal.file)).stderr).toContain(String(pid));
  expect((await exchange(bal.port, "?")).text).toBe("a");
  expect((await bal.run("stop")).code).toBe(0);
  expect(processesOf(bal.home)).toEqual([]);
  for (const name of ["bal.pid", "bal.sock"]) expect(existsSync(join(bal.home, name))).toBe(false);
});

test.each([["copied"], ["spliced"]])(
  "sessions go on in the old process until they end: %s",
  async (kind) => {
    using echo = echoPeer();
    const env: Record<string, string> = kind === "spliced" ? { BAL_SPLICE_AFTER: "1" } : {};
    using bal = await spawnBal({ config: simpleConfig([echo], { watch: false }), env });
    using client = await connect(bal.port);
    await client.send("one");
    await client.read(3);
    expect((await bal.upgrade()).left).toBe(1);
    await client.send("two");
    expect(await client.read(6)).toBe("onetwo");
    // Two upgrades later still the first process has it, and the one between has ended.
    await bal.upgrade();
    await until("the second has ended", () => processesOf(bal.home).length === 2);
    expect(processesOf(bal.home)).toContain(bal.pid);
    await client.send("three");
    client.finish();
    expect(await client.readToEnd()).toEqual({ ending: "eof", text: "onetwothree" });
    expect(await bal.exited).toBe(0);
  },
);

test("stop ends what the old processes have left, in the same time", async () => {
  using echo = echoPeer();
  const timeouts = { shutdown: "300ms" };
  using bal = await spawnBal({ config: simpleConfig([echo], { watch: false, timeouts }) });
  using client = await connect(bal.port);
  await client.send("?");
  await client.read(1);
  await bal.upgrade();
  await bal.upgrade();
  expect((await bal.run("stop")).code).toBe(0);
  expect(await client.ended).toBe("reset");
  expect(processesOf(bal.home)).toEqual([]);
});

test("a signal to an old process limits its sessions, a second one ends them", async () => {
  using echo = echoPeer();
  using bal = await spawnBal({ config: simpleConfig([echo], { watch: false }) });
  using client = await connect(bal.port);
  await client.send("?");
  await client.read(1);
  await bal.upgrade();
  bal.signal("SIGTERM");
  await until("it was seen", () => bal.stderr.includes("at most 25s from now on"));
  await client.send("!");
  await client.read(2);
  bal.signal("SIGTERM");
  expect(await client.ended).toBe("reset");
  expect(await bal.exited).toBe(0);
  expect((await exchange(bal.port, "?")).text).toBe("?");
});

test("logs are opened again by the old processes too", async () => {
  using echo = echoPeer();
  using place = temporaryHome();
  const home = place.path;
  const config = simpleConfig([echo], { watch: false, timeouts: { shutdown: "100ms" } });
  writeFileSync(join(home, "config.yaml"), JSON.stringify(config));
  try {
    expect((await runBal(["start", "-d"], { home })).code).toBe(0);
    using client = await connect(config.port);
    await client.send("?");
    await client.read(1);
    const old = servingPid(home)!;
    expect((await runBal(["upgrade"], { home })).code).toBe(0);
    const log = join(home, "bal.log");
    renameSync(log, `${log}.1`);
    process.kill(servingPid(home)!, "SIGUSR1");
    const hasOpen = (pid: number) =>
      readdirSync(`/proc/${pid}/fd`).filter((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === log);
    await until("the old one writes to the new file", () => hasOpen(old).length > 0);
    expect((await runBal(["stop"], { home })).code).toBe(0);
    expect(readFileSync(log, "utf8").match(/"event":"stopped"/g)).toHaveLength(2);
  } finally {
    killAllOf(home);
  }
});

// It may have been closed since it was listed.
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

test("a new process that is killed leaves the home free, though the old one has sessions", async () => {
  using echo = echoPeer();
  using bal = await spawnBal({ config: simpleConfig([echo], { watch: false }) });
  using client = await connect(bal.port);
  await client.send("?");
  await client.read(1);
  const { pid } = await bal.upgrade();
  process.kill(pid, "SIGKILL");
  await until("it is gone", () => !processesOf(bal.home).includes(pid));
  expect((await bal.run("start", "-d", "-c", bal.file)).code).toBe(0);
  await client.send("!");
  expect(await client.read(2)).toBe("?!");
  expect((await exchange(bal.port, "?")).text).toBe("?");
});

test("SIGUSR2 upgrades to what the link leads to by then", async () => {
  using a = namedPeer("a");
  using place = temporaryHome();
  const [first, second, link] = ["first", "second", "bal"].map((name) => join(place.path, name));
  for (const binary of [first!, second!]) copyFileSync(balBinary(), binary);
  symlinkSync(first!, link!);
  const config = simpleConfig([a], { watch: false });
  await Bun.write(join(place.path, "config.yaml"), JSON.stringify(config));
  const home = place.path;
  try {
    const child = Bun.spawn([link!, "start", "-d"], { env: { BAL_HOME: home, PATH: "" } });
    expect(await child.exited).toBe(0);
    const old = servingPid(home)!;
    rmSync(link!);
    symlinkSync(second!, link!);
    rmSync(first!);
    process.kill(old, "SIGUSR2");
    await until("the new one serves", () => servingPid(home) !== old);
    await until("the old one has ended", () => processesOf(home).length === 1);
    expect(readlinkSync(`/proc/${servingPid(home)}/exe`)).toBe(second!);
    expect((await exchange(config.port, "?")).text).toBe("a");
    const log = readFileSync(join(home, "bal.log"), "utf8");
    expect(log).toContain('"event":"upgraded"');
    // It is detached as the old one was.
    expect(log.match(/"event":"started"/g)).toHaveLength(2);
    expect((await runBal(["stop"], { home })).code).toBe(0);
  } finally {
    killAllOf(home);
  }
});

describe("under systemd", () => {
  test("the manager is told of the new process, which speaks to it from then on", async () => {
    using a = namedPeer("a");
    using manager = new NotifySocket();
    const env = { NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: "100000", WATCHDOG_PID: "" };
    using bal = await spawnBal({ config: simpleConfig([a], { watch: false }), env });
    await manager.line("READY=1");
    manager.messages.length = 0;
    const report = bal.upgrade();
    expect(await manager.line("MAINPID=")).toBe(`MAINPID=${(await report).pid}`);
    await manager.line("READY=1");
    const told = manager.receive().flat();
    const first = (line: string) => told.findIndex((one) => one.startsWith(line));
    expect(first("MAINPID=")).toBeLessThan(first("BARRIER=1"));
    expect(first("BARRIER=1")).toBeLessThan(first("READY=1"));
    expect(await bal.exited).toBe(0);
    manager.messages.length = 0;
    expect((await bal.run("stop")).code).toBe(0);
    expect(manager.receive().flat()).toContain("STOPPING=1");
  });

  test("the old process does not end before the manager has taken the new one", async () => {
    using a = namedPeer("a");
    using manager = new NotifySocket();
    const env = { NOTIFY_SOCKET: manager.path };
    using bal = await spawnBal({ config: simpleConfig([a], { watch: false }), env });
    const { pid } = await bal.upgrade();
    const isLate = () => bal.logs().some(({ event }) => event === "notify-failed");
    await until("the manager is late", isLate);
    expect(processesOf(bal.home).length).toBe(2);
    expect((await exchange(bal.port, "?")).text).toBe("a");
    expect(await manager.line("MAINPID=")).toBe(`MAINPID=${pid}`);
    await until("it has ended", async () => {
      manager.receive();
      return processesOf(bal.home).length === 1;
    });
    expect(await bal.exited).toBe(0);
  });

  test("a manager that does not listen would end the service: refused", async () => {
    using a = namedPeer("a");
    const wrapper = ["sh", "-c", 'SYSTEMD_EXEC_PID=$$ exec "$@"', "sh"];
    using bal = await spawnBal({ config: simpleConfig([a], { watch: false }), wrapper });
    const { code, stderr } = await bal.run("upgrade");
    expect([code, stderr]).toEqual([1, expect.stringContaining("Type=notify")]);
  });
});

test("a container's first process says why it can't be replaced", async () => {
  using a = namedPeer("a");
  const wrapper = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
  // Namespaces are not to be had everywhere.
  if (Bun.spawnSync([...wrapper, "true"]).exitCode !== 0) return;
  using bal = await spawnBal({ config: simpleConfig([a], { watch: false }), wrapper });
  const { code, stderr } = await bal.run("upgrade");
  expect([code, stderr]).toEqual([1, expect.stringContaining("process 1")]);
  expect((await exchange(bal.port, "?")).text).toBe("a");
});

test("the API: over TCP too, but for a binary that is named; and what is wrong in words", async () => {
  using a = namedPeer("a");
  const listen = `127.0.0.1:${freePort()}`;
  using bal = await spawnBal({ config: simpleConfig([a], { watch: false, admin: { listen } }) });
  const post = async (body: string, unix?: string) => {
    const options = { method: "POST", body, ...(unix && { unix }) };
    const response = await fetch(`http://${listen}/v1/upgrade`, options);
    return { status: response.status, body: (await response.json()) as any };
  };
  const named = JSON.stringify({ binary: balBinary() });
  expect(await post(named)).toMatchObject({ status: 403, body: { error: { code: "forbidden" } } });
  for (const body of ['{"binary":"bal"}', '{"within_ms":0}', "[]", '{"x":1}', "7"]) {
    expect(await post(body)).toMatchObject({
      status: 400,
      body: { error: { code: "bad-request" } },
    });
  }
  const first = await post("");
  expect(first).toMatchObject({ status: 200, body: { pid: servingPid(bal.home) } });
  expect(await bal.exited).toBe(0);
  // The address over TCP is the new one's.
  const second = await post(named, join(bal.home, "bal.sock"));
  expect(second).toMatchObject({ status: 200, body: { pid: servingPid(bal.home) } });
  expect(await (await fetch(`http://${listen}/readyz`)).text()).toBe("ok\n");
});

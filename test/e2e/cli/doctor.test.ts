// `bal doctor` on this host: it finds what is broken, says what to do, and touches nothing.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { whereOthersRun } from "../../../src/cli/not-running.ts";
import { checkDaemon } from "../../../src/control/doctor/daemon-check.ts";
import type { Finding } from "../../../src/control/doctor/finding.ts";
import { checkNames } from "../../../src/control/doctor/names-check.ts";
import { homeAt } from "../../../src/control/host/home.ts";
import { otherBals } from "../../../src/control/host/other-bals.ts";
import {
  type ConfigObject,
  runBal,
  simpleConfig,
  spawnBal,
  temporaryHome,
} from "../../support/bal.ts";
import { parse } from "../../support/findings.ts";
import { namedPeer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { connect } from "../../support/wire.ts";

setDefaultTimeout(60_000);

type Report = { readonly healthy: boolean; readonly findings: readonly Finding[] };

async function examine(home: string, config?: ConfigObject | string) {
  if (config !== undefined) {
    const text = typeof config === "string" ? config : JSON.stringify(config);
    writeFileSync(join(home, "config.yaml"), text);
  }
  const { code, stdout, stderr } = await runBal(["doctor", "--json"], { home });
  expect(stderr).toBe("");
  const report: Report = JSON.parse(stdout);
  expect(code).toBe(report.healthy ? 0 : 1);
  const broken = report.findings.filter(({ level }) => level === "broken");
  return {
    ...report,
    broken,
    of: (check: string) => report.findings.filter((f) => f.check === check),
  };
}

test("where nothing is wrong it says so, and exits 0", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  using home = temporaryHome();
  const config = simpleConfig([a, b]);
  const { healthy, broken, of } = await examine(home.path, config);
  expect({ healthy, broken }).toEqual({ healthy: true, broken: [] });
  expect(of("backends")).toMatchObject([{ level: "ok" }]);
  expect(of("ports")).toMatchObject([{ message: `free: 127.0.0.1:${config.port}` }]);
  const checks = ["config", "home", "daemon", "open-files", "memory", "cpus", "sysctl", "kernel"];
  for (const check of [...checks, "clock"]) expect(of(check).length).toBeGreaterThan(0);
});

test("a port that somebody has, and a backend that nobody is", async () => {
  using a = namedPeer("a");
  using taken = namedPeer("taken");
  using home = temporaryHome();
  const nobody = freePort();
  const config = { ...simpleConfig([a, { port: nobody }]), port: taken.port };
  const { broken } = await examine(home.path, config);
  expect(broken.map(({ check, message }) => [check, message])).toEqual([
    ["ports", expect.stringContaining(`127.0.0.1:${taken.port} is in use by`)],
    ["backends", `default/127.0.0.1:${nobody} refuses connections`],
  ]);
  expect(broken[0]?.message).toContain(`(pid ${process.pid})`);
  expect(broken.every(({ remedy }) => remedy !== null)).toBe(true);
});

test("the admin API's address and token", async () => {
  using a = namedPeer("a");
  using taken = namedPeer("taken");
  using home = temporaryHome();
  const admin = { listen: `127.0.0.1:${taken.port}`, token_file: "token" };
  const config = { ...simpleConfig([a]), admin };
  const { broken } = await examine(home.path, config);
  expect(broken.map(({ check, message }) => [check, message])).toEqual([
    ["ports", expect.stringContaining(`127.0.0.1:${taken.port} is in use by`)],
    ["admin", expect.stringContaining(join(home.path, "token"))],
  ]);
  writeFileSync(join(home.path, "token"), "secret\n", { mode: 0o644 });
  const free = { ...admin, listen: `127.0.0.1:${freePort()}` };
  const { healthy, of } = await examine(home.path, { ...config, admin: free });
  expect(healthy).toBe(true);
  expect(of("admin")).toMatchObject([{ level: "advice", remedy: expect.stringMatching("chmod") }]);
});

test("a backend that is drained may be gone: that is advice", async () => {
  using a = namedPeer("a");
  using home = temporaryHome();
  const away = { host: "127.0.0.1", port: freePort(), drain: true };
  const config = { ...simpleConfig([a]), backends: [{ host: "127.0.0.1", port: a.port }, away] };
  const { healthy, of } = await examine(home.path, config);
  expect(healthy).toBe(true);
  expect(of("backends")).toMatchObject([{ level: "advice" }]);
});

test("a config that is not valid, with its places", async () => {
  using home = temporaryHome();
  const { broken } = await examine(home.path, "prot: 1\n");
  expect(broken.map(({ check }) => check)).toEqual(["config", "config"]);
  const said = broken.map(({ message, remedy }) => `${message} → ${remedy}`).join("\n");
  expect(said).toContain(`${join(home.path, "config.yaml")}:1:1: prot: unknown key`);
  expect(said).toContain("did you mean `port`?");
});

test("without a config it looks at the host, and makes nothing", async () => {
  using home = temporaryHome();
  const { healthy, of } = await examine(join(home.path, "bal"));
  expect(healthy).toBe(true);
  expect(of("config")).toMatchObject([{ level: "advice" }]);
  expect(existsSync(join(home.path, "bal"))).toBe(false);
});

test("for people: each with its remedy, no colours on a pipe", async () => {
  using home = temporaryHome();
  chmodSync(home.path, 0o777);
  const { code, stdout } = await runBal(["doctor"], { home: home.path });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^broken {2}home +other users may write /m);
  expect(stdout).toContain(`→ chmod 700 ${home.path}`);
  expect(stdout).toMatch(/\n\n1 broken; \d+ pieces? of advice\n$/);
  expect(stdout).toBe(Bun.stripANSI(stdout));
});

describe("beside a bal that runs", () => {
  test("its ports are its own, and its limits are looked at", async () => {
    using a = namedPeer("a");
    const config = { ...simpleConfig([a]), limits: { max_connections: 5000 } };
    using bal = await spawnBal({ config, wrapper: ["prlimit", "--nofile=1000:1000"] });
    const { healthy, of } = await examine(bal.home);
    expect(healthy).toBe(true);
    expect(of("ports")).toMatchObject([
      { message: `used by the running bal: 127.0.0.1:${config.port}` },
    ]);
    expect(of("daemon")).toMatchObject([{ message: expect.stringContaining(`pid ${bal.pid}`) }]);
    const [files] = of("open-files");
    expect(files).toMatchObject({ level: "advice" });
    expect(files?.message).toContain("the running bal's open-file limit of 1000 allows only");
  });

  test("another version, and changes that it has not taken up", async () => {
    using a = namedPeer("a");
    const config = simpleConfig([a], { watch: false });
    using bal = await spawnBal({ config });
    bal.write({ ...config, retries: 7 });
    const version = { version: "99.0.0", commit: "abc" };
    const { findings } = await checkDaemon({ home: homeAt(bal.home), file: bal.file, version });
    expect(findings).toMatchObject([
      { level: "advice", message: expect.stringContaining("this one is 99.0.0 (abc)") },
      { level: "advice", message: expect.stringContaining("the file has a change") },
    ]);
  });

  test("one that is suspended is broken, and told within seconds", async () => {
    using a = namedPeer("a");
    using bal = await spawnBal({ config: simpleConfig([a]) });
    bal.signal("SIGSTOP");
    const { broken } = await examine(bal.home);
    expect(broken).toMatchObject([
      { check: "daemon", message: `bal with pid ${bal.pid} is suspended` },
    ]);
  });
});

describe("without -c, beside a bal that runs", () => {
  test("it looks at the config in force, wherever that is", async () => {
    using a = namedPeer("a");
    using folder = temporaryHome();
    const nobody = freePort();
    const file = join(folder.path, "elsewhere.yaml");
    writeFileSync(file, JSON.stringify(simpleConfig([a, { port: nobody }])));
    using bal = await spawnBal({ config: simpleConfig([a]), args: ["-c", file] });
    await bal.untilState(nobody, "down");
    const { broken, of } = await examine(bal.home);
    expect(of("config")).toMatchObject([{ message: expect.stringContaining(file) }]);
    // One cause, one finding.
    expect(broken).toMatchObject([
      { check: "backends", message: `default/127.0.0.1:${nobody} refuses connections` },
    ]);
  });

  test("what the bal says is wrong is told, and a refused file once", async () => {
    using a = namedPeer("a");
    const config = simpleConfig([a], { watch: false, limits: { max_connections: 1 } });
    using bal = await spawnBal({ config });
    await bal.untilState(a.port, "up");
    expect((await examine(bal.home)).of("running")).toMatchObject([{ level: "ok" }]);
    bal.write({ ...config, prot: 1 });
    await bal.run("graceful");
    using client = await connect(bal.port);
    void client.send("?");
    await until("it is taken", async () => (await bal.status()).limits.active === 1);
    const { broken, of } = await examine(bal.home);
    expect(broken.map(({ check }) => check)).toEqual(["config", "running"]);
    expect(of("running")).toMatchObject([{ message: expect.stringContaining("1 of 1") }]);
    expect(of("ports")).toMatchObject([
      { message: expect.stringContaining("used by the running bal") },
    ]);
  });
});

test("a backend is asked what its pool's check asks", async () => {
  using a = namedPeer("a");
  using busy = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => new Response("", { status: 503 }),
  });
  using home = temporaryHome();
  const health_check = { type: "http", path: "/ready" };
  const config = simpleConfig([{ port: busy.port! }], { health_check });
  const { broken } = await examine(home.path, config);
  expect(broken).toMatchObject([
    { check: "backends", message: expect.stringMatching(/fails its health check: .*503/) },
  ]);
  const { of } = await examine(home.path, simpleConfig([a]));
  expect(of("backends")).toMatchObject([{ level: "ok" }]);
});

test("where another home's bal runs, a command says which", async () => {
  using a = namedPeer("a");
  using bal = await spawnBal({ config: simpleConfig([a]) });
  expect(otherBals()).toContainEqual({ pid: bal.pid, uid: process.getuid!(), home: bal.home });
  using home = temporaryHome();
  const { code, stderr } = await runBal(["status"], { home: home.path });
  expect([code, stderr]).toEqual([1, expect.stringMatching(/bal with pid \d+ runs/)]);
});

test("a command for the bal of another home is one to type", () => {
  const of = (uid: number, home: string | null) => whereOthersRun([{ pid: 7, uid, home }], 1000);
  expect(of(1000, "/srv/b")).toEndWith(": BAL_HOME=/srv/b bal status");
  expect(of(0, "/srv/b")).toEndWith(": sudo BAL_HOME=/srv/b bal status");
  expect(of(99, null)).toContain("as user 99");
});

test("names: those that fail, those that are slow, and all at once", async () => {
  const hosts = ["good.test", "bad.test", "10.0.0.1"];
  const result = parse({ backends: hosts.map((host) => ({ host, port: 80 })) });
  if (result.kind !== "valid") throw new Error("the test's config is not valid");
  const asked: string[] = [];
  const { addresses, findings } = await checkNames(result.config, {
    services: async () => [],
    addresses: async (host) => {
      asked.push(host);
      if (host === "bad.test") throw Object.assign(new Error("no"), { code: "ENOTFOUND" });
      return ["10.0.0.7"];
    },
  });
  expect(asked.sort()).toEqual(["bad.test", "good.test"]);
  expect([...addresses]).toEqual([["good.test", ["10.0.0.7"]]]);
  expect(findings).toMatchObject([
    { check: "dns", level: "broken", message: "bad.test does not resolve: ENOTFOUND" },
  ]);
});

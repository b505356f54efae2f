// Where the logs are: files that can't be opened, other files by a reload, the home of a bal in the
// background, and who finds them there.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync, readlinkSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Load } from "../../soak/load.ts";
import {
  accessLines,
  eventsIn,
  logged,
  parseLines,
  untilLines,
} from "../../support/access-lines.ts";
import { type Finished, runBal, spawnBal, temporaryHome } from "../../support/bal.ts";
import { echoPeer, holdingPeer, kilobytePeer, namedPeer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { processesOf, servingPid } from "../../support/processes.ts";
import { until } from "../../support/until.ts";
import { connect, exchange } from "../../support/wire.ts";

setDefaultTimeout(120_000);

/** Paths of what a process has open. */
function openFiles(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((fd) => {
    try {
      return [readlinkSync(join(folder, fd))];
    } catch {
      return [];
    }
  });
}

describe("a file that can't be opened", () => {
  const files = [
    ["bal's own log", { file: "nowhere/bal.log" }, "nowhere/bal.log"],
    ["the access log", { access: { mode: "all", file: "nowhere/a.log" } }, "nowhere/a.log"],
  ] as const;

  function expectRefused({ code, stderr }: Finished, path: string): void {
    expect(code).toBe(1);
    expect(stderr).toContain(`cannot write the log ${path}: ENOENT`);
    expect(stderr).toContain("create its folder");
  }

  test.each(files)("is why bal does not start: %s", async (_, log, name) => {
    using home = temporaryHome();
    const { config } = logged([{ port: freePort() }], { log });
    writeFileSync(join(home.path, "config.yaml"), JSON.stringify(config));
    for (const args of [["start"], ["start", "-d"]]) {
      expectRefused(await runBal(args, { home: home.path }), join(home.path, name));
      expect(readdirSync(home.path)).not.toContain("bal.pid");
    }
  });

  test.each(files)("is why a reload changes nothing: %s", async (_, log, name) => {
    using backend = namedPeer("a");
    const { config, port } = logged([backend]);
    using bal = await spawnBal({ config });
    bal.write(logged([backend], { log, port: freePort() }).config);
    expectRefused(await bal.run("graceful"), join(bal.home, name));
    expect((await bal.status()).config.generation).toBe(1);
    await exchange(port, "?");
    await untilLines(bal, 1);
  });
});

test("/dev/stdout and /dev/stderr are taken also where they are sockets", async () => {
  using backend = namedPeer("a");
  const log = { file: "/dev/stderr", access: { mode: "all", file: "/dev/stdout" } };
  const { config, port } = logged([backend], { log });
  using bal = await spawnBal({ config });
  const standard = [1, 2].map((fd) => readlinkSync(`/proc/${bal.pid}/fd/${fd}`));
  expect(standard).toEqual([1, 2].map(() => expect.stringContaining("socket:")));
  await exchange(port, "?");
  await until("its line has come", () => parseLines(bal.stdout).length === 1);
  expect(bal.logs().map(({ event }) => event)).toContain("started");
});

describe("a reload", () => {
  test("turns both logs to other files, and takes all lines along", async () => {
    using backend = kilobytePeer();
    const to = (name: string) => ({
      file: `${name}.log`,
      access: { mode: "all", file: `${name}-access.log`, fields: ["end", "client"] },
    });
    const first = logged([backend], { log: to("a"), workers: 2 });
    using bal = await spawnBal({ config: first.config });
    const clients = new Load({ port: first.port, total: Number.POSITIVE_INFINITY, atOnce: 20 });
    const names = ["b", "c", "d"];
    for (const name of names) {
      const { done } = clients;
      await until("there are more", () => clients.done > done + 100);
      const again = logged([backend], { log: to(name), workers: 2, port: first.port });
      await bal.reload(again.config);
    }
    await clients.stop();
    expect(await bal.stop()).toBe(0);
    const counts = ["a", ...names].map((name) => accessLines(bal, `${name}-access.log`).length);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(clients.done);
    for (const count of counts) expect(count).toBeGreaterThan(0);
    expect(eventsIn(bal, "a.log")).toContain("started");
    expect(eventsIn(bal, "c.log")).toContain("reloaded");
    expect(eventsIn(bal, "d.log")).toContain("stopped");
    expect(bal.stderr).toBe("");
  });
});

describe("in the background", () => {
  test("the access log is in the home, beside bal's own, and goes over an upgrade", async () => {
    using backend = holdingPeer("held");
    using home = temporaryHome();
    const bal = { home: home.path };
    const { config, port } = logged([backend], { log: { access: "all" } });
    writeFileSync(join(home.path, "config.yaml"), JSON.stringify(config));
    expect((await runBal(["start", "-d"], { home: home.path })).code).toBe(0);
    try {
      using old = await connect(port);
      void old.send("?");
      await old.read(4);
      expect((await runBal(["upgrade"], { home: home.path })).code).toBe(0);
      expect(processesOf(home.path)).toHaveLength(2);
      await exchange(port, "?");
      await untilLines(bal, 1);
      // Whoever serves tells the old one.
      renameSync(join(home.path, "access.log"), join(home.path, "access.log.1"));
      process.kill(servingPid(home.path)!, "SIGUSR1");
      await until("it is there again", () => readdirSync(home.path).includes("access.log"));
      await until("the old one writes there", () => {
        const open = processesOf(home.path).map((pid) => openFiles(pid));
        return open.every((files) => files.includes(join(home.path, "access.log")));
      });
      old.finish();
      await old.closed;
      await untilLines(bal, 1);
      expect(accessLines(bal, "access.log.1")).toHaveLength(1);
    } finally {
      await runBal(["stop"], { home: home.path });
    }
    expect(accessLines(bal)).toMatchObject([{ end: "--", bytes_up: 1, bytes_down: 4 }]);
  });

  test("it is not to be in bal's own log", async () => {
    using home = temporaryHome();
    const { config } = logged([{ port: freePort() }], {
      log: { access: { mode: "all", file: "bal.log" } },
    });
    writeFileSync(join(home.path, "config.yaml"), JSON.stringify(config));
    const { code, stderr } = await runBal(["start", "-d"], { home: home.path });
    expect(code).toBe(1);
    expect(stderr).toContain(
      `the access log cannot be in the file of bal's own log, ${home.path}/bal.log`,
    );
    expect(stderr).toContain("log.access.file");
  });
});

describe("`bal logs`", () => {
  test("prints the file that the config names, of a bal in the foreground too", async () => {
    using backend = echoPeer();
    const { config } = logged([backend], { log: { file: "own.log" } });
    using bal = await spawnBal({ config });
    await until("it has begun", () => eventsIn(bal, "own.log").includes("started"));
    const file = join(bal.home, "own.log");
    const { code, stdout } = await bal.run("logs");
    expect([code, stdout]).toEqual([0, readFileSync(file, "utf8")]);
    expect(await bal.stop()).toBe(0);
    const after = await bal.run("logs");
    expect([after.code, after.stdout]).toEqual([0, readFileSync(file, "utf8")]);
    expect(after.stdout).toContain('"event":"stopped"');
  });

  test("says that there is nothing to read where it is no file", async () => {
    using backend = echoPeer();
    const { config } = logged([backend], { log: { file: "/dev/null" } });
    using bal = await spawnBal({ config });
    const { code, stderr } = await bal.run("logs");
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("its log, /dev/null, is not a regular file"),
    ]);
  });

  test("start -d says where it is", async () => {
    using home = temporaryHome();
    const { config } = logged([{ port: freePort() }], { log: { file: "own.log" } });
    writeFileSync(join(home.path, "config.yaml"), JSON.stringify(config));
    const { code, stdout } = await runBal(["start", "-d"], { home: home.path });
    expect([code, stdout]).toEqual([0, expect.stringContaining(`log: ${home.path}/own.log`)]);
    await runBal(["stop"], { home: home.path });
  });
});

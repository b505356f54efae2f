// Both logs lose nothing by a stop or a rotation, and what has to be lost is told.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Load, summary } from "../../soak/load.ts";
import {
  accessLines,
  eventsIn,
  logged,
  parseLines,
  untilLines,
} from "../../support/access-lines.ts";
import { type Bal, runBal, spawnBal, temporaryHome } from "../../support/bal.ts";
import { holdingPeer, kilobytePeer, namedPeer } from "../../support/peer.ts";
import { servingPid } from "../../support/processes.ts";
import { until } from "../../support/until.ts";
import { connect, exchange } from "../../support/wire.ts";

setDefaultTimeout(120_000);

async function load(port: number, total: number): Promise<void> {
  const all = new Load({ port, total, atOnce: 20 });
  await all.finished;
  expect(summary(all.failures)).toBe("none");
}

const lost = (bal: Bal) => bal.logs().filter(({ event }) => event === "access-lines-lost");

describe("a stop loses nothing", () => {
  test.each([
    ["copied", {}],
    ["spliced", { BAL_SPLICE_AFTER: "1" }],
  ])("1,000 connections, then SIGTERM: 1,000 lines (%s)", async (_, env) => {
    using backend = kilobytePeer();
    const { config, port } = logged([backend], { workers: 2 });
    using bal = await spawnBal({ config, env });
    await load(port, 1000);
    expect(await bal.stop()).toBe(0);
    const lines = accessLines(bal);
    expect(lines).toHaveLength(1000);
    expect(new Set(lines.map(({ end }) => end))).toEqual(new Set(["--"]));
  });

  test("nor does a second signal, which ends those that are there", async () => {
    using backend = holdingPeer("held");
    const { config, port } = logged([backend], { workers: 2 });
    using bal = await spawnBal({ config });
    const clients = await Promise.all(Array.from({ length: 50 }, () => connect(port)));
    for (const client of clients) void client.send("?");
    for (const client of clients) await client.read(4);
    bal.signal("SIGTERM");
    await until("it drains", () => bal.logs().some(({ event }) => event === "draining"));
    expect(await bal.stop()).toBe(0);
    const reasons = accessLines(bal).map(({ end, reason }) => `${end} ${reason}`);
    expect(reasons).toEqual(Array(50).fill("PR shutdown"));
  });

  test("and stdout has all of it, too", async () => {
    using backend = kilobytePeer();
    const { config, port } = logged([backend], { workers: 2, log: { access: "all" } });
    using bal = await spawnBal({ config });
    await load(port, 1000);
    expect(await bal.stop()).toBe(0);
    await until("all has come", () => parseLines(bal.stdout).length >= 1000);
    expect(parseLines(bal.stdout)).toHaveLength(1000);
  });
});

describe("a rotation", () => {
  test("under load loses no line and splits none", async () => {
    using backend = kilobytePeer();
    const { config, port } = logged([backend], { workers: 2 });
    using bal = await spawnBal({ config });
    const clients = new Load({ port, total: Number.POSITIVE_INFINITY, atOnce: 20 });
    const file = join(bal.home, "access.log");
    for (let round = 1; round <= 10; round++) {
      const { done } = clients;
      await until("there are more", () => clients.done > done + 100);
      renameSync(file, `${file}.${round}`);
      bal.signal("SIGUSR1");
      await until("the file is there again", () => readdirSync(bal.home).includes("access.log"));
    }
    await clients.stop();
    expect(await bal.stop()).toBe(0);
    const names = readdirSync(bal.home).filter((name) => name.startsWith("access.log"));
    expect(names).toHaveLength(11);
    const lines = names.flatMap((name) => accessLines(bal, name));
    expect(new Set(lines.map(({ client, time }) => `${client} ${time}`)).size).toBe(clients.done);
    expect(lines).toHaveLength(clients.done);
  });

  test("of bal's own log likewise; one that can't be opened again goes on", async () => {
    using backend = namedPeer("a");
    const log = { file: "logs/bal.log", access: { mode: "all", file: "logs/access.log" } };
    const { config, port } = logged([backend], { log });
    using home = temporaryHome();
    mkdirSync(join(home.path, "logs"));
    writeFileSync(join(home.path, "config.yaml"), JSON.stringify(config));
    expect((await runBal(["start", "-d"], { home: home.path })).code).toBe(0);
    const bal = { home: home.path };
    try {
      const pid = servingPid(home.path)!;
      renameSync(join(home.path, "logs/bal.log"), join(home.path, "logs/bal.log.1"));
      process.kill(pid, "SIGUSR1");
      await until("it is there again", () =>
        readdirSync(join(home.path, "logs")).includes("bal.log"),
      );
      // Whoever takes the folder away, and puts nothing in its place.
      renameSync(join(home.path, "logs"), join(home.path, "gone"));
      process.kill(pid, "SIGUSR1");
      await until("it says so", () => eventsIn(bal, "gone/bal.log").includes("log-not-reopened"));
      await exchange(port, "?");
      await untilLines(bal, 1, "gone/access.log");
      const all = [...eventsIn(bal, "gone/bal.log.1"), ...eventsIn(bal, "gone/bal.log")];
      expect(all.filter((event) => event === "started")).toHaveLength(1);
      expect(eventsIn(bal, "gone/bal.log").filter((e) => e === "log-not-reopened")).toHaveLength(2);
    } finally {
      await runBal(["stop"], { home: home.path });
    }
    expect(eventsIn(bal, "gone/bal.log")).toContain("stopped");
  });
});

describe("what can't be written is counted, and told", () => {
  test("a full disk", async () => {
    using backend = kilobytePeer();
    const log = { access: { mode: "all", file: "/dev/full" } };
    const { config, port } = logged([backend], { log });
    using bal = await spawnBal({ config });
    await load(port, 500);
    const counted = () => lost(bal).reduce((sum, { count }) => sum + Number(count), 0);
    await until("all are told", () => counted() === 500);
    expect(lost(bal)[0]).toMatchObject({ level: "warn", reason: "ENOSPC" });
    expect(lost(bal)[0]!.message).toContain(
      "lines of the access log (/dev/full) were lost: ENOSPC",
    );
    const metrics = await (await bal.get("/metrics"))!.text();
    expect(metrics).toContain("\nbal_log_dropped_total 500\n");
    // Once a second at most.
    const times = lost(bal).map(({ time }) => Date.parse(String(time)));
    for (const [i, at] of times.slice(1).entries()) expect(at - times[i]!).toBeGreaterThan(900);
    expect(await bal.stop()).toBe(0);
  });

  test.skipIf(process.getuid?.() !== 0)(
    "a disk that was full, and has room again [needs root, for a mount]",
    async () => {
      using backend = kilobytePeer();
      using folder = temporaryHome();
      const mount = ["mount", "-t", "tmpfs", "-o", "size=32k", "none", folder.path];
      // In a container that may not.
      if (Bun.spawnSync(mount).exitCode !== 0) return;
      try {
        const file = join(folder.path, "access.log");
        const { config, port } = logged([backend], { log: { access: { mode: "all", file } } });
        using bal = await spawnBal({ config });
        await load(port, 500);
        await until("it is told", () => lost(bal).length > 0);
        renameSync(file, join(folder.path, "old.log"));
        writeFileSync(join(folder.path, "old.log"), "");
        bal.signal("SIGUSR1");
        await until("it is there again", () => readdirSync(folder.path).includes("access.log"));
        await load(port, 10);
        expect(await bal.stop()).toBe(0);
        const [total] = lost(bal).slice(-1);
        expect(total!.total).toBeWithin(300, 500);
        const lines = parseLines(readFileSync(file, "utf8"));
        expect(lines).toHaveLength(10);
      } finally {
        Bun.spawnSync(["umount", folder.path]);
      }
    },
  );

  test("a stdout whose reader has gone", async () => {
    using backend = kilobytePeer();
    const { config, port } = logged([backend], { log: { access: "all" } });
    const wrapper = ["bash", "-c", 'exec "$0" "$@" > >(true)'];
    using bal = await spawnBal({ config, wrapper });
    await load(port, 100);
    await until("all are told", () => lost(bal).some(({ total }) => total === 100));
    expect(lost(bal)[0]!.message).toContain("lines of the access log (stdout) were lost: EPIPE");
    expect(await bal.stop()).toBe(0);
  });

  test("a stdout and a stderr that nobody reads hold up nothing", async () => {
    using backend = kilobytePeer();
    const log = { access: "all", level: "debug" };
    const { config, port } = logged([backend], { log });
    const wrapper = ["bash", "-c", 'exec "$0" "$@" > >(sleep 60) 2> >(sleep 60)'];
    using bal = await spawnBal({ config, wrapper });
    await load(port, 2000);
    const { generation } = await bal.reload(logged([backend], { log, port, retries: 1 }).config);
    expect(generation).toBe(2);
    await load(port, 100);
    const startedAt = performance.now();
    expect(await bal.stop()).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});

// `bal logs`: of a bal in the background, over a rotation, and of one in the foreground.
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { at, balBinary, fullConfig, runBal, spawnBal, temporaryHome } from "../../support/bal.ts";
import { namedPeer } from "../../support/peer.ts";
import { Terminal } from "../../support/terminal.ts";
import { until } from "../../support/until.ts";

setDefaultTimeout(60_000);

test("prints the log of a bal in the background, and follows it over a rotation", async () => {
  using backend = namedPeer("a");
  using folder = temporaryHome();
  const home = folder.path;
  const log = join(home, "bal.log");
  const { config } = fullConfig({ backends: [at(backend)] });
  writeFileSync(join(home, "config.yaml"), JSON.stringify(config));
  expect((await runBal(["start", "-d"], { home })).code).toBe(0);
  try {
    const once = await runBal(["logs"], { home });
    expect([once.code, once.stdout]).toEqual([0, readFileSync(log, "utf8")]);
    expect(once.stdout).toContain('"event":"started"');
    const follower = Bun.spawn([balBinary(), "logs", "-f"], {
      env: { BAL_HOME: home },
      stdout: "pipe",
    });
    let text = "";
    const reading = (async () => {
      for await (const chunk of follower.stdout) text += Buffer.from(chunk).toString();
    })();
    await until("it has printed what there is", () => text.length >= once.stdout.length);
    const pid = Number.parseInt(readFileSync(join(home, "bal.pid"), "utf8"), 10);
    renameSync(log, `${log}.1`);
    process.kill(pid, "SIGUSR1");
    expect((await runBal(["stop"], { home })).code).toBe(0);
    await until("it has printed the end", () => text.includes('"event":"stopped"'));
    const all = readFileSync(`${log}.1`, "utf8") + readFileSync(log, "utf8");
    expect(text).toBe(all);
    follower.kill();
    await reading;
  } finally {
    await runBal(["stop", "--now"], { home });
  }
});

test("says that a bal in the foreground logs there", async () => {
  using backend = namedPeer("a");
  using bal = await spawnBal({ config: fullConfig({ backends: [at(backend)] }).config });
  const { code, stdout, stderr } = await runBal(["logs"], { home: bal.home });
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toContain("runs in the foreground and logs there");
});

test("without a bal and without a log there is nothing to print", async () => {
  using folder = temporaryHome();
  const { code, stderr } = await runBal(["logs"], { home: folder.path });
  expect(code).toBe(1);
  expect(stderr).toContain("no bal is running in");
});

test("-n prints the last lines, and a terminal gets them for people", async () => {
  using folder = temporaryHome();
  const home = folder.path;
  const line = (n: number) =>
    JSON.stringify({
      time: "2026-01-02T03:04:05.678Z",
      level: "warn",
      message: `line ${n}`,
      hint: "x",
    });
  const lines = Array.from({ length: 5000 }, (_, n) => line(n));
  writeFileSync(join(home, "bal.log"), `${lines.join("\n")}\nnot ours \u001b[2J\n`);
  const last = await runBal(["logs", "-n", "2"], { home });
  expect(last.stdout).toBe(`${line(4999)}\nnot ours \u001b[2J\n`);
  expect((await runBal(["logs", "-n", "0"], { home })).stdout).toBe("");
  expect((await runBal(["logs"], { home })).stdout).toHaveLength(lines.join("\n").length + 15);
  const { code, stderr } = await runBal(["logs", "-n", "many"], { home });
  expect([code, stderr]).toEqual([2, expect.stringContaining("a number of lines")]);
  using terminal = new Terminal(["logs", "-n", "3"], { home, env: { NO_COLOR: "1" } });
  const screen = await terminal.shows("line 4999 (x)", "not ours \\x1b[2J");
  expect(screen.text).toMatch(/\d\d:04:05 WARN {2}line 4998 \(x\)/);
});

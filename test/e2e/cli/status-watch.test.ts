// `bal status` in a real terminal: colours, widths, and `--watch` from its first frame to Ctrl-C.
import { expect, setDefaultTimeout, test } from "bun:test";
import { balBinary, runBal, simpleConfig, spawnBal, temporaryHome } from "../../support/bal.ts";
import { namedPeer } from "../../support/peer.ts";
import { Terminal } from "../../support/terminal.ts";
import { until } from "../../support/until.ts";
import { exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const checks = { health_check: { interval: "200ms", fast_interval: "50ms" } };

test("has colours on a terminal, none with NO_COLOR, and fits into it", async () => {
  using a = namedPeer("a");
  using bal = await spawnBal({ config: simpleConfig([a, { port: 1 }], checks) });
  await bal.untilState(1, "down");
  using coloured = new Terminal(["status"], { home: bal.home, columns: 60 });
  expect(await coloured.child.exited).toBe(0);
  const screen = await coloured.shows("1 of 2", "127.0.0.1:1 is down");
  expect(coloured.raw).toContain("\u001b[31m");
  expect(screen.hasWrapped).toBe(false);
  using bleak = new Terminal(["status"], { home: bal.home, env: { NO_COLOR: "1" } });
  expect(await bleak.child.exited).toBe(0);
  await bleak.shows("1 of 2 backends up");
  expect(bleak.raw).not.toContain("\u001b[");
});

test("--watch redraws in place, outlives the daemon, and Ctrl-C gives the terminal back", async () => {
  using a = namedPeer("a");
  const config = simpleConfig([a, { port: 1 }], checks);
  using bal = await spawnBal({ config });
  await bal.untilState(1, "down");
  using terminal = new Terminal(["status", "--watch", "0.2"], { home: bal.home, columns: 120 });
  const first = await terminal.shows("1 of 2 backends up", "is down");
  expect([first.isAlternate, first.hasCursor]).toEqual([true, false]);
  // More and more: the rate is never nothing while it looks.
  await until("there is a rate", async () => {
    await exchange(config.port, "?");
    return / [\d.]+ new\/s/.test(terminal.screen.text) && terminal.screen.text.includes("█");
  });
  terminal.resize(50, 9);
  const small = await terminal.shows("more lines", "1 of 2");
  expect(small.text.split("\n").length).toBeLessThanOrEqual(9);
  terminal.resize(120, 30);
  await bal.stop();
  await terminal.shows("the last known state");
  const again = Bun.spawn([balBinary(), "start", "-c", bal.file], {
    env: { PATH: process.env.PATH!, BAL_HOME: bal.home },
    stdio: ["ignore", "ignore", "ignore"],
  });
  await until("it is back", () => !terminal.screen.text.includes("the last known state"));
  terminal.type("\u0003");
  expect(await terminal.child.exited).toBe(0);
  const { isAlternate, hasCursor, text } = terminal.screen;
  expect([isAlternate, hasCursor]).toEqual([false, true]);
  expect(text).toContain("of 2 backends up");
  again.kill("SIGTERM");
  await again.exited;
});

test("--watch on a pipe gives one after the other; with --json one a line", async () => {
  using a = namedPeer("a");
  using bal = await spawnBal({ config: simpleConfig([a]) });
  const child = Bun.spawn([balBinary(), "status", "--watch", "0.1", "--json"], {
    env: { BAL_HOME: bal.home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (text.split("\n").length < 4) {
    text += decoder.decode((await reader.read()).value, { stream: true });
  }
  child.kill("SIGINT");
  expect(await child.exited).toBe(0);
  for (const line of text.split("\n").slice(0, 3)) {
    expect(JSON.parse(line)).toMatchObject({ pid: bal.pid });
  }
});

test("--watch ends when nobody reads it any more", async () => {
  using bal = await spawnBal({ config: simpleConfig([{ port: 1 }]) });
  const command = `"$BAL" status --watch 0.1 | head -n 1`;
  const child = Bun.spawn(["bash", "-o", "pipefail", "-c", command], {
    env: { PATH: process.env.PATH!, BAL: balBinary(), BAL_HOME: bal.home },
    stdio: ["ignore", "pipe", "ignore"],
  });
  expect(await child.stdout.text()).toStartWith("bal ");
  expect(await child.exited).toBe(0);
});

test("what is wrong on the command line is told", async () => {
  using home = temporaryHome();
  const codeOf = async (...args: readonly string[]) =>
    (await runBal(["status", ...args], { home: home.path })).code;
  expect(await codeOf("5")).toBe(2);
  expect(await codeOf("--watch", "soon")).toBe(2);
  expect(await codeOf("--watch", "0")).toBe(2);
  expect(await codeOf("--watch", "1", "2")).toBe(2);
  expect(await codeOf("--watch")).toBe(1);
});

test("the history of the last hour is there, and its query is judged", async () => {
  using bal = await spawnBal({ config: simpleConfig([{ port: 1 }]) });
  const history = await bal.get("/v1/history?last=5");
  expect(await history!.json()).toMatchObject({ interval_s: 10, times: expect.any(Array) });
  for (const bad of ["0", "-1", "x", ""]) {
    expect((await bal.get(`/v1/history?last=${bad}`))!.status).toBe(400);
  }
});

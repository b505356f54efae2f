// Commands whose bal is there but does not answer: they say so, soon, and wait for what must be
// waited for.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { balBinary, runBal, simpleConfig, spawnBal, temporaryHome } from "../../support/bal.ts";
import { namedPeer } from "../../support/peer.ts";
import { exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

describe("one that is suspended", () => {
  test("is told by every command within seconds; what was asked of it is not done later but the stop", async () => {
    using a = namedPeer("a");
    using bal = await spawnBal({ config: simpleConfig([a], { watch: false }) });
    bal.write(simpleConfig([a], { port: bal.port, retries: 1, watch: false }));
    bal.signal("SIGSTOP");
    const startedAtMs = performance.now();
    const [stop, ...others] = await Promise.all(
      ["stop", "status", "graceful"].map((command) => bal.run(command)),
    );
    expect(performance.now() - startedAtMs).toBeLessThan(10_000);
    for (const { code, stdout, stderr } of [stop!, ...others]) {
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toContain(`bal with pid ${bal.pid} is suspended`);
      expect(stderr).toContain(`kill -CONT ${bal.pid}`);
    }
    bal.signal("SIGCONT");
    expect(await bal.exited).toBe(0);
    expect(bal.logs().map(({ event }) => event)).not.toContain("reloaded");
  });

  test("keeps `stop --timeout` no longer than it said", async () => {
    using a = namedPeer("a");
    using bal = await spawnBal({ config: simpleConfig([a]) });
    bal.signal("SIGSTOP");
    const startedAtMs = performance.now();
    expect((await bal.run("stop", "--timeout", "1s")).code).toBe(1);
    expect(performance.now() - startedAtMs).toBeLessThan(4000);
  });
});

// Only root may be somebody else.
test.skipIf(process.getuid?.() !== 0)(
  "another user's bal is not said to be absent: the user is not permitted",
  async () => {
    using a = namedPeer("a");
    using bal = await spawnBal({ config: simpleConfig([a]) });
    for (const mode of [0o700, 0o711]) {
      chmodSync(bal.home, mode);
      for (const command of ["status", "graceful", "stop"]) {
        const child = Bun.spawn(
          ["setpriv", "--reuid", "65534", "--clear-groups", balBinary(), command],
          { env: { PATH: process.env.PATH!, BAL_HOME: bal.home }, cwd: "/", stderr: "pipe" },
        );
        expect([command, await child.exited]).toEqual([command, 1]);
        expect(await child.stderr.text()).toStartWith("error: this user may not use ");
      }
    }
    expect((await exchange(bal.port, "?")).text).toBe("a");
  },
);

test("a home that is a file is one where no bal runs", async () => {
  using folder = temporaryHome();
  const home = join(folder.path, "file");
  writeFileSync(home, "");
  for (const command of ["status", "graceful", "stop"]) {
    const { code, stderr } = await runBal([command], { home });
    expect([code, stderr]).toEqual([1, expect.stringContaining(`no bal is running in ${home}`)]);
  }
});

test("when `stop` has returned the next one starts, though the log's reader stalls", async () => {
  using a = namedPeer("a");
  const config = simpleConfig([a], { watch: false });
  using bal = await spawnBal({
    config,
    // The reader takes nothing after the start.
    wrapper: ["bash", "-c", 'exec "$0" "$@" 2> >(head -c 1 >/dev/null; exec sleep 20)'],
  });
  // Each error is a line: more of them than a pipe holds.
  const typos = Array.from({ length: 500 }, (_, nth) => [`typo_${nth}`, 1]);
  bal.write({ ...config, ...Object.fromEntries(typos) });
  for (let i = 0; i < 3; i++) expect((await bal.run("graceful")).code).toBe(1);
  bal.write(config);
  expect((await bal.run("stop")).code).toBe(0);
  const next = await bal.run("start", "-d", "-c", bal.file);
  expect((await bal.run("stop", "--now")).code).toBe(0);
  expect([next.code, next.stderr]).toEqual([0, expect.not.stringContaining("error")]);
});

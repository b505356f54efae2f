// `bal upgrade` that goes wrong, or that something else comes in between of.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bal, simpleConfig, spawnBal, temporaryHome } from "../../support/bal.ts";
import { namedPeer } from "../../support/peer.ts";
import { processesOf, servingPid } from "../../support/processes.ts";
import { until } from "../../support/until.ts";
import { exchange } from "../../support/wire.ts";

setDefaultTimeout(120_000);

const events = (bal: Bal) => bal.logs().map(({ event }) => event);

/** Until only the process that serves is there. */
const untilAlone = (bal: Bal) =>
  until("the old ones have ended", () => processesOf(bal.home).length === 1);

describe("a new process that does not come up changes nothing", () => {
  const script = (text: string) => ({ text: `#!/bin/sh\n${text}\n`, mode: 0o755 });
  const SERVING = `printf '{"kind":"serving","version":"9","commit":"x"}\\n' >&3`;
  const rows: readonly (readonly [string, { text: string; mode: number }, RegExp])[] = [
    ["may not be run", { text: "#!/bin/sh\n", mode: 0o644 }, /cannot run .*EACCES/],
    ["is no program", { text: "\x7fnothing", mode: 0o755 }, /cannot run .*ENOEXEC|exited with/],
    ["ends", script("echo its last words >&2; exit 3"), /its last words\n.*exit code 3/],
    ["crashes", script("kill -SEGV $$"), /exited by SIGSEGV/],
    ["hangs", script("exec sleep 60"), /was not ready within 1 s/],
    ["says something else", script("echo nonsense >&3; exec sleep 60"), /does not answer like bal/],
    ["does not take over", script(`read x <&3; ${SERVING}; read x <&3; exit 4`), /exit code 4/],
    ["ends of its own accord", script(`${SERVING}; exit 5`), /exit code 5/],
  ];

  test.each(rows)("because it %s", async (_, { text, mode }, expected) => {
    using a = namedPeer("a");
    using place = temporaryHome();
    const binary = join(place.path, "bal");
    writeFileSync(binary, text, { mode });
    using bal = await spawnBal({ config: simpleConfig([a], { watch: false }) });
    const started = performance.now();
    const { code, stdout, stderr } = await bal.run(
      ...["upgrade", "--binary", binary, "--timeout", "1s"],
    );
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(expected);
    expect(stderr).toContain("not upgraded");
    expect(performance.now() - started).toBeLessThan(10_000);
    expect((await exchange(bal.port, "?")).text).toBe("a");
    expect((await bal.status()).pid).toBe(bal.pid);
    expect([servingPid(bal.home), processesOf(bal.home)]).toEqual([bal.pid, [bal.pid]]);
    // Nor the next one.
    expect((await bal.upgrade()).pid).not.toBe(bal.pid);
    expect((await exchange(bal.port, "?")).text).toBe("a");
  });

  test.each([
    ["its config is not valid", () => "port: 99999\nbackends: []\n", /:1:7: .*99999/],
    [
      "a port is taken",
      (a: { port: number }) => ({ ...simpleConfig([a]), port: a.port }),
      /in use/,
    ],
  ])("because %s", async (_, config, expected) => {
    using a = namedPeer("a");
    using bal = await spawnBal({ config: simpleConfig([a], { watch: false }) });
    bal.write(config(a));
    const { code, stderr } = await bal.run("upgrade");
    expect(code).toBe(1);
    expect(stderr).toMatch(expected);
    expect((await exchange(bal.port, "?")).text).toBe("a");
    expect(servingPid(bal.home)).toBe(bal.pid);
    await untilAlone(bal);
  });
});

describe("what else is asked meanwhile", () => {
  test("a second upgrade is refused, a reload too; what was missed is made up for", async () => {
    using a = namedPeer("a");
    using place = temporaryHome();
    const binary = join(place.path, "bal");
    writeFileSync(binary, "#!/bin/sh\nexec sleep 60\n", { mode: 0o755 });
    const config = simpleConfig([a], { watch: false });
    using bal = await spawnBal({ config });
    const hanging = bal.run("upgrade", "--binary", binary, "--timeout", "2s");
    await until("it is under way", () => events(bal).includes("upgrading"));
    const second = await bal.run("upgrade", "--json");
    expect([second.code, JSON.parse(second.stdout).error.code]).toEqual([1, "upgrading"]);
    bal.write({ ...config, retries: 3 });
    const graceful = await bal.run("graceful", "--json");
    expect([graceful.code, JSON.parse(graceful.stdout).error.code]).toEqual([1, "upgrading"]);
    const drain = await bal.run("drain", `127.0.0.1:${a.port}`);
    expect([drain.code, drain.stderr]).toEqual([1, expect.stringContaining("being upgraded")]);
    bal.signal("SIGHUP");
    expect((await hanging).code).toBe(1);
    await until("the reload was made", async () => (await bal.status()).config.generation === 2);
  });

  test("stop does not wait for the new process", async () => {
    using a = namedPeer("a");
    using place = temporaryHome();
    const binary = join(place.path, "bal");
    writeFileSync(binary, "#!/bin/sh\nexec sleep 60\n", { mode: 0o755 });
    using bal = await spawnBal({ config: simpleConfig([a], { watch: false }) });
    const hanging = bal.run("upgrade", "--binary", binary);
    await until("it is under way", () => events(bal).includes("upgrading"));
    expect((await bal.run("stop")).code).toBe(0);
    expect(await bal.exited).toBe(0);
    expect((await hanging).code).toBe(1);
    await until("nothing is left", () => processesOf(bal.home).length === 0);
  });

  test("whenever stop comes, nothing is left", async () => {
    using a = namedPeer("a");
    for (let delayMs = 0; delayMs < 120; delayMs += 8) {
      using bal = await spawnBal({ config: simpleConfig([a], { watch: false }) });
      const upgrade = bal.run("upgrade");
      await Bun.sleep(delayMs);
      bal.signal("SIGTERM");
      await upgrade;
      // It may have come to the old process after the new one had taken over.
      if (servingPid(bal.home) !== null) await bal.run("stop");
      await until("nothing is left", () => processesOf(bal.home).length === 0);
      expect(existsSync(join(bal.home, "bal.pid"))).toBe(false);
    }
  });
});

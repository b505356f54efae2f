// `bal completions` of the binary: the scripts, and the backends of the bal that runs.
import { expect, setDefaultTimeout, test } from "bun:test";
import { runBal, simpleConfig, spawnBal, temporaryHome } from "../support/bal.ts";
import { namedPeer } from "../support/peer.ts";

setDefaultTimeout(60_000);

test.each(["bash", "zsh", "fish"])("prints a script for %s", async (shell) => {
  const { code, stdout, stderr } = await runBal(["completions", shell]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("graceful");
});

test.each([[[]], [["tcsh"]], [["toString"]]])("%j is wrong usage", async (words) => {
  const { code, stdout, stderr } = await runBal(["completions", ...words]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain("`bal completions bash`, `zsh` or `fish`");
});

test("tells the backends of the running bal, and nothing when none runs", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  using bal = await spawnBal({ config: simpleConfig([a, b]) });
  const stdout = `127.0.0.1:${a.port}\n127.0.0.1:${b.port}\n`;
  expect(await bal.run("completions", "backends")).toEqual({ code: 0, stdout, stderr: "" });
  using home = temporaryHome();
  const silent = await runBal(["completions", "backends"], { home: home.path });
  expect(silent).toEqual({ code: 0, stdout: "", stderr: "" });
});

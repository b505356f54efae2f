// `bal completions` of the binary: the scripts, and the backends of the bal that runs.
import { expect, setDefaultTimeout, test } from "bun:test";
import { dirname } from "node:path";
import { balBinary, runBal, simpleConfig, spawnBal, temporaryHome } from "../../support/bal.ts";
import { namedPeer } from "../../support/peer.ts";

setDefaultTimeout(60_000);

test.each(["bash", "zsh", "fish"])("prints a script for %s", async (shell) => {
  const { code, stdout, stderr } = await runBal(["completions", shell]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("graceful");
});

test.each([[[]], [["tcsh"]], [["toString"]]])("%j is wrong usage", async (words) => {
  const { code, stdout, stderr } = await runBal(["completions", ...words]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain("write `bal completions bash`, `zsh` or `fish`");
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

test("in bash, drain and weight go on with the backends that run", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  using bal = await spawnBal({ config: simpleConfig([a, b]) });
  const complete = async (line: string) => {
    const script =
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
      'source <("$1" completions bash) && COMP_LINE=$2 COMP_POINT=${#2} && _bal && echo "${COMPREPLY[*]}"';
    const child = Bun.spawn(["bash", "--norc", "-c", script, "bash", balBinary(), line], {
      env: { PATH: `${dirname(balBinary())}:${process.env.PATH}`, BAL_HOME: bal.home },
      stdout: "pipe",
    });
    return (await child.stdout.text()).trim().split(" ");
  };
  const both = [a, b].map(({ port }) => `127.0.0.1:${port}`);
  expect(await complete("bal drain ")).toEqual(both);
  expect(await complete("bal undrain 127.0")).toEqual(both);
  expect(await complete(`bal weight 127.0.0.1:${a.port}`)).toEqual([String(a.port)]);
});

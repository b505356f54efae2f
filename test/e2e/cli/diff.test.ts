// `bal diff`: what a reload would change, and nothing changes.
import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runBal, simpleConfig, spawnBal, temporaryHome } from "../../support/bal.ts";
import { namedPeer } from "../../support/peer.ts";
import { exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

test("shows the changes of a reload, and does none of them", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  const config = simpleConfig([a], { watch: false });
  using bal = await spawnBal({ config });
  expect(await bal.run("diff")).toMatchObject({
    code: 0,
    stdout: "a reload would change nothing: generation 1\n",
  });
  const next = { ...config, backends: [{ host: "127.0.0.1", port: b.port }], retries: 5 };
  bal.write(next);
  const text = await bal.run("diff");
  expect(text.code).toBe(0);
  expect(text.stdout.split("\n")).toEqual([
    "retries: 2 → 5",
    `removed pools.default.backends.127.0.0.1:${a.port}`,
    `added pools.default.backends.127.0.0.1:${b.port}`,
    "",
  ]);
  const preview = JSON.parse((await bal.run("diff", "--json")).stdout);
  expect((await exchange(bal.port, "?")).text).toBe("a");
  expect((await bal.status()).config.generation).toBe(1);
  const report = await bal.reload(next);
  expect(preview).toMatchObject({ generation: 1, changes: report.changes });
  expect((await exchange(bal.port, "?")).text).toBe("b");
});

test("a file that a reload would refuse is refused, with its places", async () => {
  using a = namedPeer("a");
  using bal = await spawnBal({ config: simpleConfig([a], { watch: false }) });
  bal.write("prot: 1\n");
  const text = await bal.run("diff");
  expect(text.code).toBe(1);
  expect(text.stderr).toContain("did you mean `port`?");
  expect(text.stderr).toContain("a reload would fail");
  const { code, stdout } = await bal.run("diff", "--json");
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: "config-invalid" } });
  expect(JSON.parse(stdout).errors[0]).toMatchObject({ line: 1, column: 1, path: "prot" });
});

test("without a bal it says so", async () => {
  using home = temporaryHome();
  const { code, stderr } = await runBal(["diff"], { home: home.path });
  expect(code).toBe(1);
  expect(stderr).toContain("no bal is running");
});

test("-c shows what another file would change, before it takes the place of the one in force", async () => {
  using a = namedPeer("a");
  const config = simpleConfig([a]);
  using bal = await spawnBal({ config });
  const other = join(bal.home, "other.yaml");
  writeFileSync(other, JSON.stringify({ ...config, method: "first" }));
  const { code, stdout } = await bal.run("diff", "-c", other);
  expect([code, stdout]).toEqual([0, "pools.default.method: round_robin → first\n"]);
  const json = JSON.parse((await bal.run("diff", "-c", other, "--json")).stdout);
  expect(json).toMatchObject({ generation: 1, changes: [{ kind: "changed", to: "first" }] });
  writeFileSync(other, "port: 1\nmethd: first\n");
  const wrong = await bal.run("diff", "-c", other);
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toContain(`${other}:2:1`);
  expect(wrong.stderr).toContain("did you mean `method`?");
  expect((await bal.run("diff", "-c", join(bal.home, "nowhere"))).stderr).toContain("ENOENT");
  const piped = await runBal(["diff", "-c", "-"], {
    home: bal.home,
    stdin: JSON.stringify({ ...config, retries: 7 }),
  });
  expect([piped.code, piped.stdout]).toEqual([0, "retries: 2 → 7\n"]);
  expect((await bal.status()).config.generation).toBe(1);
});

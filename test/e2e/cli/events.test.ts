// `bal events`: the past first, then what happens.
import { expect, setDefaultTimeout, test } from "bun:test";
import { runBal, simpleConfig, spawnBal, temporaryHome } from "../../support/bal.ts";
import { namedPeer } from "../../support/peer.ts";

setDefaultTimeout(60_000);

test("tells what happened before it was asked, the oldest first, a failed reload with its place", async () => {
  using a = namedPeer("a");
  const config = simpleConfig([a], { watch: false });
  using bal = await spawnBal({ config });
  await bal.untilState(a.port, "up");
  const name = `127.0.0.1:${a.port}`;
  await bal.run("weight", name, "3");
  bal.write({ ...config, prot: 1 });
  await bal.run("graceful");
  const { code, stdout } = await bal.run("events");
  expect(code).toBe(0);
  const words = stdout.trimEnd().split("\n");
  expect(words).toHaveLength(3);
  expect(words[0]).toContain(`default/${name} is up, was unknown`);
  expect(words[1]).toContain(`default/${name} has weight 3, had 1`);
  expect(words[2]).toMatch(/a reload failed: .*config\.yaml:\d+:\d+: prot: unknown key/);
  const json = await bal.run("events", "--json", "-n", "1");
  expect(JSON.parse(json.stdout)).toMatchObject({ kind: "reload-failed", from: 1, to: 1 });
});

test("-n is a number that bal can keep", async () => {
  using home = temporaryHome();
  for (const n of ["0", "x", "1001"]) {
    const { code, stderr } = await runBal(["events", "-n", n], { home: home.path });
    expect([code, stderr]).toEqual([2, expect.stringContaining("from 1 to 1000")]);
  }
  expect((await runBal(["events"], { home: home.path })).code).toBe(1);
});

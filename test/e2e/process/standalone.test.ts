// The binary is all that bal needs: here it is built from a copy of the source that is gone when it runs.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runBal, simpleConfig, spawnBal } from "../../support/bal.ts";
import { echoPeer, namedPeer } from "../../support/peer.ts";
import { until } from "../../support/until.ts";
import { connect, exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const root = join(import.meta.dir, "../../..");
const place = mkdtempSync(join(tmpdir(), "bal-standalone-"));
const binary = join(place, "bal");

beforeAll(() => {
  const copy = mkdtempSync(join(tmpdir(), "bal-source-"));
  try {
    for (const name of ["src", "build.ts", "package.json", "tsconfig.json"]) {
      cpSync(join(root, name), join(copy, name), { recursive: true });
    }
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    const options = { cwd: copy, encoding: "utf8" } as const;
    const built = spawnSync(process.execPath, ["build.ts", `--outfile=${binary}`], options);
    if (built.status !== 0) throw new Error(`the build failed: ${built.stdout}${built.stderr}`);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});

afterAll(() => rmSync(place, { recursive: true, force: true }));

test("every worker serves where the source is gone", async () => {
  using backend = namedPeer("here");
  using bal = await spawnBal({ config: simpleConfig([backend], { workers: 2 }), binary });
  for (let i = 0; i < 20; i++) {
    expect(await exchange(bal.port, "?")).toEqual({ ending: "eof", text: "here" });
  }
  expect((await bal.get("/"))?.ok).toBe(true);
  expect(await bal.stop()).toBe(0);
});

test("a splicer takes sessions where the source is gone", async () => {
  using backend = echoPeer();
  using bal = await spawnBal({
    config: simpleConfig([backend], { workers: 1 }),
    binary,
    env: { BAL_SPLICE_AFTER: "1" },
  });
  const before = openPipes(bal.pid);
  using wire = await connect(bal.port);
  void wire.send("first");
  await wire.read(5);
  await until("the session has pipes", () => openPipes(bal.pid) >= before + 4);
  void wire.send(" second");
  wire.finish();
  expect(await wire.readToEnd()).toEqual({ ending: "eof", text: "first second" });
});

test("the stack of a fault names files, lines and functions of the source", async () => {
  // Something that every command calls fails.
  const preload = join(place, "fault.ts");
  await Bun.write(preload, `Object.hasOwn = () => { throw new Error("made to fail"); };`);
  const { code, stderr } = await runBal(["check"], {
    binary,
    env: { BAL_DEBUG: "1", BUN_OPTIONS: `--preload ${preload}` },
  });
  expect(code).toBe(1);
  expect(stderr).toContain("an internal fault: made to fail");
  expect(stderr).toMatch(/at run \(src\/cli\/root\.ts:\d+:\d+\)/);
});

/** Ends of pipes that a process holds. */
function openPipes(pid: number): number {
  const fds = `/proc/${pid}/fd`;
  return readdirSync(fds).filter((fd) => {
    try {
      return readlinkSync(join(fds, fd)).startsWith("pipe:");
    } catch {
      return false; // It was closed since it was listed.
    }
  }).length;
}

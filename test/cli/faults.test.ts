// A fault of our own, in a process of its own: words, never a stack.
import { expect, test } from "bun:test";
import { resolve } from "node:path";

const faults = resolve(import.meta.dir, "../../src/cli/faults.ts");

async function run(script: string, env: Record<string, string> = {}) {
  const child = Bun.spawn(
    [process.execPath, "-e", `import * as faults from "${faults}";${script}`],
    {
      env: { PATH: process.env.PATH!, NO_COLOR: "1", ...env },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  const [stderr, code] = await Promise.all([child.stderr.text(), child.exited]);
  return { stderr, code };
}

test.each([
  ["an exception", 'setTimeout(() => { throw new Error("oh") }, 0)'],
  ["a rejection", 'void Promise.reject(new Error("oh"))'],
])("%s that nobody caught ends a command with words", async (_, fault) => {
  const script = `faults.catchFaults(); ${fault}; setTimeout(() => {}, 60_000)`;
  const { stderr, code } = await run(script);
  expect(code).toBe(1);
  expect(stderr.split("\n")).toEqual([
    "error: an internal fault: oh",
    "  please report it with the command that you ran; BAL_DEBUG=1 shows the stack trace",
    "",
  ]);
  expect((await run(script, { BAL_DEBUG: "1" })).stderr).toMatch(/^\s+at /m);
});

test("an error of the system is no fault of ours", async () => {
  const { stderr, code } = await run(
    'faults.catchFaults(); require("node:fs").readFileSync("/no/such/file")',
  );
  expect(code).toBe(1);
  expect(stderr).toStartWith("error: ENOENT");
  expect(stderr.trim().split("\n")).toHaveLength(1);
});

test("one that serves is not ended by it", async () => {
  const { stderr, code } = await run(`
    faults.catchFaults();
    faults.leaveFaults();
    setTimeout(() => { throw new Error("oh") }, 0);
    setTimeout(() => process.exit(0), 100);
  `);
  expect([stderr, code]).toEqual(["", 0]);
});

// The borrowed terminal is given back, a crash included.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { Terminal } from "../../support/terminal.ts";

const screen = join(import.meta.dir, "../../../src/cli/views/screen.ts");
const faults = join(import.meta.dir, "../../../src/cli/faults.ts");

/** A program that borrows the terminal, and then this. */
function program(then: string): Terminal {
  const source = `
    import { Screen } from ${JSON.stringify(screen)};
    import { catchFaults } from ${JSON.stringify(faults)};
    catchFaults();
    const screen = new Screen(() => {});
    screen.draw(["a view"]);
    setInterval(() => {}, 1000);
    ${then}
  `;
  return new Terminal(["-e", source], { command: [process.execPath] });
}

test.each([
  ["a fault", "setTimeout(() => { throw new Error('broken') }, 200);", 1, "broken"],
  ["a rejection", "setTimeout(() => Promise.reject(new Error('broken')), 200);", 1, "broken"],
  ["an exit", "setTimeout(() => process.exit(3), 200);", 3, ""],
] as const)("after %s, before the words about it", async (_, then, code, words) => {
  using terminal = program(then);
  expect((await terminal.shows("a view")).isAlternate).toBe(true);
  expect(await terminal.child.exited).toBe(code);
  const { isAlternate, hasCursor, text } = terminal.screen;
  expect([isAlternate, hasCursor, terminal.isCooked]).toEqual([false, true, true]);
  expect(text).toContain(words);
  expect(text).not.toContain("a view");
});

test("lines as wide as the terminal keep their ends, the last one too", async () => {
  using terminal = program(`
    const line = (text) => text.padEnd(99, ".") + "!";
    screen.draw(Array.from({ length: 30 }, (_, row) => line("row " + row)));
  `);
  const { lines } = await terminal.shows("row 29");
  expect(lines.every((line) => line.length === 100 && line.endsWith("!"))).toBe(true);
});

test("a view with fewer lines leaves nothing of the one before", async () => {
  using terminal = program(`
    screen.draw(["a long line", "and another"]);
    process.stdin.once("data", () => screen.draw(["short"]));
  `);
  await terminal.shows("and another");
  terminal.type("x");
  expect((await terminal.shows("short")).text).toBe("short");
});

test("while the process is stopped the shell has it", async () => {
  using terminal = program("process.on('SIGUSR1', () => screen.stop());");
  await terminal.shows("a view");
  expect(terminal.isCooked).toBe(false);
  terminal.child.kill("SIGUSR1");
  const { until } = await import("../../support/until.ts");
  await until("it is given back", () => !terminal.screen.isAlternate && terminal.isCooked);
  terminal.child.kill("SIGCONT");
  await terminal.shows("a view");
  expect(terminal.isCooked).toBe(false);
});

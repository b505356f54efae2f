// bal(1), judged by mandoc and by man, where they are installed.
import { describe, expect, test } from "bun:test";
import { type CommandWords, describeCommands } from "../../src/cli/command-words.ts";
import { manual } from "../../src/cli/manual.ts";
import { commands } from "../../src/cli/root.ts";

const edition = { version: "1.2.3", date: new Date("2026-11-23T23:59:59Z") };
const words = await describeCommands(commands);
const odd: CommandWords = {
  name: "odd",
  description: ".Sh is no macro here, nor is\\fB this. It goes on",
  options: [],
  places: [],
};

async function judge(command: readonly string[], page: string): Promise<string> {
  const child = Bun.spawn([...command], {
    stdin: Buffer.from(page),
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: process.env.PATH!, LC_ALL: "C.UTF-8", MANWIDTH: "100" },
  });
  const [out, error] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return command[0] === "man" ? error : out + error;
}

test("has every command and every option", () => {
  const page = manual(words, edition);
  expect(page).toStartWith(".Dd November 23, 2026\n.Dt BAL 1\n.Os\n");
  for (const { name, options } of words) {
    expect(page).toContain(`\n.It Cm ${name}\n`);
    for (const option of options) expect(page).toContain(`Fl -${option.name}`);
  }
});

describe.skipIf(Bun.which("mandoc") === null)("mandoc (where it is installed)", () => {
  test("has nothing against it", async () => {
    const page = manual([...words, odd], edition);
    expect(await judge(["mandoc", "-Tlint", "-Wall"], page)).toBe("");
    const text = await judge(["mandoc", "-Tascii"], page);
    expect(text.replaceAll(/.[\b]/g, "")).toContain(".Sh is no macro here, nor is\\fB this.");
  });
});

describe.skipIf(Bun.which("man") === null)("man (where it is installed)", () => {
  test("has nothing against it", async () => {
    expect(await judge(["man", "--warnings", "-l", "-"], manual(words, edition))).toBe("");
  });
});

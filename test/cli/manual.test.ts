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
  const sections = [...page.matchAll(/^\.Sh (.*)$/gm)].map(([, section]) => section);
  const usual = ["ENVIRONMENT", "FILES", "SIGNALS", "EXIT STATUS", "EXAMPLES", "SEE ALSO"];
  expect(sections).toEqual(["NAME", "SYNOPSIS", "DESCRIPTION", ...usual]);
});

describe.skipIf(Bun.which("mandoc") === null)("mandoc (where it is installed)", () => {
  test("has nothing against it", async () => {
    const page = manual([...words, odd], edition);
    const findings = (await judge(["mandoc", "-Tlint", "-Wall"], page)).split("\n");
    // Whether the pages of SEE ALSO are installed is up to the host.
    const isOfHost = (line: string) => /mandoc\.db lacks|referenced manual not found/.test(line);
    expect(findings.filter((line) => line !== "" && !isOfHost(line))).toEqual([]);
    const text = await judge(["mandoc", "-Tascii"], page);
    expect(text.replaceAll(/.[\b]/g, "")).toContain(".Sh is no macro here, nor is\\fB this.");
  });
});

describe.skipIf(Bun.which("man") === null)("man (where it is installed)", () => {
  test("has nothing against it", async () => {
    expect(await judge(["man", "--warnings", "-l", "-"], manual(words, edition))).toBe("");
  });

  test("shows each command on a line of its own", async () => {
    const command = ["man", "-l", "-"];
    const child = Bun.spawn(command, {
      stdin: Buffer.from(manual(words, edition)),
      env: { PATH: process.env.PATH!, LC_ALL: "C.UTF-8", MANWIDTH: "120" },
    });
    const text = (await child.stdout.text()).replaceAll(/.[\b]/g, "");
    const [, synopsis = ""] = /SYNOPSIS\n([\s\S]*?)\n\n/.exec(text) ?? [];
    const shown = synopsis.split("\n").map((line) => line.trim().split(" ")[1]);
    expect(shown).toEqual([...words.map(({ name }) => name), "--version"]);
  });
});

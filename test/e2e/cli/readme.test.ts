// README.md and docs/commands.md must hold for the binary that is built from them.
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { commands as registered } from "../../../src/cli/root.ts";
import { runBal } from "../../support/bal.ts";

setDefaultTimeout(30_000);

const root = join(import.meta.dir, "../../..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const blocks = [...readme.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text]) => text!);
const commands = [...readme.matchAll(/`npm (?:run )?([\w-]+)`|^npm (?:run )?([\w-]+)/gm)];
const commandPage = readFileSync(join(root, "docs/commands.md"), "utf8");
const flags = [...commandPage.matchAll(/^\| `bal (\w+)([^`]*)`/gm)].map(([, command, rest]) => ({
  command: command!,
  flags: [...rest!.matchAll(/--[\w-]+/g)].map(([flag]) => flag),
}));

test("it has examples", () => {
  expect([blocks.length > 0, commands.length > 2, flags.length > 15]).toEqual([true, true, true]);
});

test("it has the two commands of a fresh clone", () => {
  const plain = commands.map(([, , name]) => name).filter((name) => name !== undefined);
  expect(plain).toEqual(expect.arrayContaining(["demo", "test"]));
});

test("every command is in docs/commands.md, and no other", () => {
  const named = [...commandPage.matchAll(/^\| .*/gm)].flatMap(([row]) =>
    [...row.matchAll(/`bal (\w+)|\(or `(\w+)`\)/g)].map(([, name, other]) => name ?? other),
  );
  expect([...new Set(named)].sort()).toEqual(Object.keys(registered).sort());
});

test.each(blocks.map((text, i) => [i + 1, text] as const))(
  "YAML block %d is a valid config",
  async (_, text) => {
    const { code, stdout } = await runBal(["check", "-c", "-", "--json"], { stdin: text });
    expect(JSON.parse(stdout).errors).toEqual([]);
    expect(code).toBe(0);
  },
);

test("every npm script that it names exists", async () => {
  const { scripts } = await Bun.file(join(root, "package.json")).json();
  const named = commands.map(([, quoted, plain]) => quoted ?? plain!);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

test.each(flags)("$command has the options of its row", async ({ command, flags }) => {
  const { code, stdout } = await runBal([command, "--help"]);
  expect(code).toBe(0);
  expect(flags.filter((flag) => !stdout.includes(flag))).toEqual([]);
});

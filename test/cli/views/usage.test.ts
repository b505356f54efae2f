// The help of commands: columns that begin at the left, an example, the environment.
import { expect, test } from "bun:test";
import { commands } from "../../../src/cli/root.ts";
import { usageText } from "../../../src/cli/views/usage.ts";

const RENDERED = `Do it (bal it v1)

USAGE bal it [OPTIONS] <NAME>

ARGUMENTS

  NAME    a name (Required)

OPTIONS

          --wait    wait    for it
  --timeout=<5m>    how long
`;

test("each list has its columns at the left", () => {
  expect(usageText(RENDERED, { command: "it", fd: 2 }).split("\n")).toEqual([
    "Do it (bal it v1)",
    "",
    "USAGE bal it [OPTIONS] <NAME>",
    "",
    "ARGUMENTS",
    "",
    "  NAME  a name (Required)",
    "",
    "OPTIONS",
    "",
    "  --wait          wait    for it",
    "  --timeout=<5m>  how long",
    "",
    "ENVIRONMENT",
    "",
    "  BAL_HOME  folder of config.yaml and of the runtime files (default: ~/.bal)",
  ]);
});

test.each(Object.keys(commands))("%s has an example of its own", (command) => {
  const example = usageText(RENDERED, { command, fd: 2 }).split("EXAMPLE\n\n  ")[1];
  expect(example).toStartWith(`bal ${command}`);
});

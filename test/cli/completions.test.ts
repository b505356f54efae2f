// The completions in the shells themselves. zsh and fish where they are installed.
import { beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PoolStatus } from "../../src/api/admin-api.ts";
import { type CommandWords, describeCommands } from "../../src/cli/command-words.ts";
import { namesOf } from "../../src/cli/commands/completions.ts";
import { bash } from "../../src/cli/completions/bash.ts";
import { fish } from "../../src/cli/completions/fish.ts";
import { zsh } from "../../src/cli/completions/zsh.ts";
import { commands } from "../../src/cli/root.ts";

/** Beside bal's own commands: words of every kind. */
const SAMPLE: CommandWords = {
  name: "sample",
  description: "It's [odd]: $HOME `x`",
  options: [
    {
      name: "level",
      short: "l",
      value: "LEVEL",
      offer: { kind: "words", words: ["low", "lower"] },
      description: "how low: it's [odd]",
    },
    { name: "wait", short: null, value: null, offer: { kind: "nothing" }, description: "wait" },
  ],
  places: [
    {
      name: "NAME",
      isRequired: true,
      isRepeated: false,
      offer: { kind: "backends" },
      description: "a backend",
    },
    {
      name: "FILE",
      isRequired: false,
      isRepeated: false,
      offer: { kind: "files" },
      description: "a file",
    },
  ],
};

/** What `bal completions backends` says in these tests. */
const BACKENDS = ["10.0.0.1:443", "10.0.0.1:8443", "[::1]:80", "web/app"];

const folder = mkdtempSync(join(tmpdir(), "bal-completions-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  const all = [...(await describeCommands(commands)), SAMPLE];
  for (const [name, script] of Object.entries({ bash, zsh, fish })) {
    writeFileSync(join(folder, `bal.${name}`), script(all));
  }
  writeFileSync(join(folder, "bal"), `#!/bin/sh\nprintf '%s\\n' ${BACKENDS.join(" ")}\n`, {
    mode: 0o755,
  });
  writeFileSync(join(folder, "a file.yaml"), "");
  writeFileSync(join(folder, "another.yaml"), "");
});

const env = {
  PATH: `${folder}:${process.env.PATH}`,
  HOME: folder,
  TERM: "dumb",
  LC_ALL: "C.UTF-8",
};

async function run(...command: readonly string[]): Promise<readonly string[]> {
  const child = Bun.spawn([...command], { cwd: folder, env, stdout: "pipe", stderr: "pipe" });
  const [out, error] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect(error).toBe("");
  return out.split("\n").filter((line) => line !== "");
}

/** What a line up to the cursor may go on with. */
const rows: readonly (readonly [line: string, replies: readonly string[]])[] = [
  ["bal sta", ["start", "status"]],
  ["bal st", ["start", "status", "stop"]],
  ["bal nothing ", []],
  ["bal status --j", ["--json"]],
  ["bal check --format ", ["github", "json", "pretty"]],
  ["bal check --format p", ["pretty"]],
  ["bal check --json --format j", ["json"]],
  ["bal start --log-level wa", ["warn"]],
  ["bal check -c a", ["a file.yaml", "another.yaml"]],
  ["bal check ano", ["another.yaml"]],
  ["bal completions ", ["bash", "fish", "zsh"]],
  ["bal completions bash ", []],
  ["bal stop --timeout ", []],
  ["bal sample ", BACKENDS],
  ["bal sample w", ["web/app"]],
  ["bal sample --wait w", ["web/app"]],
  ["bal sample web/app ano", ["another.yaml"]],
  ["bal sample -l low", ["low", "lower"]],
];

describe("bash", () => {
  const complete = (line: string) =>
    run(
      "bash",
      "--norc",
      "-c",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
      'source bal.bash && COMP_LINE=$1 COMP_POINT=${#1} && _bal && printf "%s\\n" "${COMPREPLY[@]}"',
      "bash",
      line,
    );

  test.each(rows)("%j", async (line, replies) => {
    expect([...(await complete(line))].sort()).toEqual([...replies].sort());
  });

  test("completes after a colon and after =, which end a word there", async () => {
    expect(await complete("bal sample 10.0.0.1:4")).toEqual(["443"]);
    expect(await complete("bal sample [::1]:")).toEqual(["80"]);
    expect(await complete("bal check --format=g")).toEqual(["github"]);
  });

  test("completes at a terminal", async () => {
    const screen = await typeInto(
      ["bash", "--norc", "-i"],
      ["source ./bal.bash\r", 'bal() { echo "<$*>"; }\r', "bal sche\t\r", "bal check --fo\tgi\t\r"],
    );
    expect(screen).toContain("<schema>");
    expect(screen).toContain("<check --format github>");
  });
});

describe.skipIf(Bun.which("fish") === null)("fish (where it is installed)", () => {
  test.each(rows)("%j", async (line, replies) => {
    const lines = await run("fish", "-N", "-c", "source bal.fish; complete -C $argv[1]", line);
    const words = lines.map((reply) => reply.split("\t")[0]!);
    expect(words.sort()).toEqual([...replies].sort());
  });
});

describe.skipIf(Bun.which("zsh") === null)("zsh (where it is installed)", () => {
  const begin = [
    "autoload -U compinit; compinit -D -u; source ./bal.zsh\r",
    'function bal { if [[ $1 == completions ]]; then command bal; else echo "<$*>"; fi }\r',
  ];

  test("completes at a terminal", async () => {
    const lines = ["bal sche\t\r", "bal check --format=gi\t\r", "bal check -c ano\t\r"];
    const screen = await typeInto(
      ["zsh", "-f", "-i"],
      [...begin, ...lines, "bal sample --wait w\tano\t\r", "bal sample 10.0.0.1:4\t -l lowe\t\r"],
    );
    expect(screen).toContain("<schema>");
    expect(screen).toContain("<check --format=github>");
    expect(screen).toContain("<check -c another.yaml>");
    expect(screen).toContain("<sample --wait web/app another.yaml>");
    expect(screen).toContain("<sample 10.0.0.1:443 -l lower>");
  });
});

/** Types these, and returns all that the screen has shown when the shell has gone. */
async function typeInto(shell: readonly string[], lines: readonly string[]): Promise<string> {
  let screen = "";
  const decoder = new TextDecoder();
  const child = Bun.spawn([...shell], {
    cwd: folder,
    env: { ...env, TERM: "xterm", PS1: "" },
    terminal: {
      cols: 200,
      rows: 50,
      data: (_: unknown, chunk: Uint8Array) => {
        screen += decoder.decode(chunk, { stream: true });
      },
    },
  });
  for (const line of [...lines, "exit\r"]) child.terminal?.write(line);
  await child.exited;
  child.terminal?.close();
  return screen;
}

test("a name that two pools have is told with its pool", () => {
  const pool = (name: string, ...names: string[]) =>
    ({ name, method: "first", backends: names.map((name) => ({ name })) }) as unknown as PoolStatus;
  expect(namesOf([pool("web", "a", "b"), pool("db", "b", "c")])).toEqual([
    "a",
    "web/b",
    "db/b",
    "c",
  ]);
});

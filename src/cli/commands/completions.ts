// `bal completions SHELL`: a script that makes a shell complete bal's words, made from the commands'
// own definitions. What runs is asked while one types, by `bal completions backends`.
import { defineCommand } from "citty";
import type { PoolStatus } from "../../api/admin-api.ts";
import { AdminClient } from "../../api/client.ts";
import { locateHome } from "../../control/host/home.ts";
import { type CommandWords, describeCommands } from "../command-words.ts";
import { bash } from "../completions/bash.ts";
import { fish } from "../completions/fish.ts";
import { zsh } from "../completions/zsh.ts";
import { type ExitCode, usageError } from "../exit.ts";
import { say } from "../output.ts";

type Shell = "bash" | "zsh" | "fish";

const scripts = { bash, zsh, fish } satisfies Record<
  Shell,
  (commands: readonly CommandWords[]) => string
>;

/** Nobody waits longer for a Tab. */
const ANSWER_MS = 1000;

export const completions = (commands: Parameters<typeof describeCommands>[0]) =>
  defineCommand({
    meta: { name: "completions", description: "Print the completions for a shell" },
    args: {
      shell: {
        type: "positional",
        required: false,
        description: "bash, zsh or fish",
        options: Object.keys(scripts),
      },
    },
    async run({ args: { shell } }): Promise<ExitCode> {
      if (shell === "backends") return await printBackends();
      if (!isShell(shell)) {
        const message =
          shell === undefined ? "the shell is missing" : `no completions for \`${shell}\``;
        throw usageError(message, "write `bal completions bash`, `zsh` or `fish`");
      }
      say(1, scripts[shell](await describeCommands(commands)).trimEnd());
      return 0;
    },
  });

function isShell(word: string | undefined): word is Shell {
  return word !== undefined && Object.hasOwn(scripts, word);
}

/** As a command takes them, a line each. Silent when nobody answers: it is asked at every Tab. */
async function printBackends(): Promise<ExitCode> {
  try {
    const answer = await new AdminClient(locateHome().socket, { answerMs: ANSWER_MS }).status();
    if (answer.kind === "ok") for (const name of namesOf(answer.body.pools)) say(1, name);
  } catch {
    // Whatever it is, a half-typed line is not the place to tell it.
  }
  return 0;
}

/** `POOL/NAME` where the name alone could be more than one. */
export function namesOf(pools: readonly PoolStatus[]): readonly string[] {
  const all = pools.flatMap(({ name: pool, backends }) =>
    backends.map(({ name }) => ({ pool, name })),
  );
  const uses = Map.groupBy(all, ({ name }) => name);
  return all.map(({ pool, name }) => (uses.get(name)?.length === 1 ? name : `${pool}/${name}`));
}

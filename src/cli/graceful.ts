// `bal graceful`: reloads the running bal and tells what came of it.
import { defineCommand } from "citty";
import type { Diagnostic } from "../config/diagnostics.ts";
import { describeChange } from "../config/diff.ts";
import { loadConfig } from "../config/load.ts";
import type { ReloadReport } from "../control/admin/api.ts";
import { AdminClient, type Answer } from "../control/admin/client.ts";
import { locateHome } from "../control/home.ts";
import { type ExitCode, say } from "./exit.ts";
import { signalRunning } from "./not-running.ts";
import { paint } from "./paint.ts";
import { plain } from "./plain.ts";
import { renderJson, renderPretty } from "./render-diagnostics.ts";

export const graceful = command("graceful");
export const reload = command("reload");

function command(name: string) {
  return defineCommand({
    meta: { name, description: "Reload the config without downtime, and tell what changed" },
    args: { json: { type: "boolean", description: "print one JSON object" } },
    async run({ args }): Promise<ExitCode> {
      const home = locateHome();
      const answer = await new AdminClient(home.socket).reload();
      if (answer.kind !== "absent") return args.json ? printJson(answer) : await print(answer);
      const pid = signalRunning(home, "SIGHUP");
      say(
        2,
        `${home.socket} does not answer: sent SIGHUP to ${pid} instead; its log tells the outcome`,
      );
      return 0;
    },
  });
}

type Reply = Exclude<Answer<ReloadReport>, { kind: "absent" }>;

function printJson(answer: Reply): ExitCode {
  if (answer.kind === "ok") {
    say(1, JSON.stringify(answer.body, null, 2));
    return 0;
  }
  const { error, errors } = answer;
  say(1, JSON.stringify({ error, errors: renderJson(errors) }, null, 2));
  return 1;
}

async function print(answer: Reply): Promise<ExitCode> {
  if (answer.kind === "failed") {
    await printFindings(answer.errors);
    say(2, `${paint(2, "red", "not reloaded")}: ${plain(answer.error.message)}`);
    if (answer.error.hint !== undefined) say(2, `  ${plain(answer.error.hint)}`);
    return 1;
  }
  const { generation, unchanged, changes, loaded_at, by, warnings } = answer.body;
  await printFindings(warnings);
  const when = `generation ${generation}, loaded at ${loaded_at} by ${by}`;
  say(1, unchanged ? `nothing differs from ${when}` : `reloaded: generation ${generation}`);
  for (const change of changes) say(1, `  ${plain(describeChange(change))}`);
  return 0;
}

// The excerpts come from the file as it is now: it was read a moment ago.
async function printFindings(found: readonly Diagnostic[]): Promise<void> {
  const [first] = found;
  if (first === undefined) return;
  const { source } = await loadConfig(first.file);
  say(2, renderPretty(found, source, 2));
}

// `bal graceful`: reloads the running bal and tells what came of it.
import { defineCommand } from "citty";
import { describeChange } from "../config/diff.ts";
import type { ReloadReport } from "../control/admin/api.ts";
import { AdminClient, type Answer } from "../control/admin/client.ts";
import { locateHome, runningPid } from "../control/home.ts";
import { type ExitCode, say } from "./exit.ts";
import { notRunning } from "./not-running.ts";
import { paint } from "./paint.ts";
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
      if (answer.kind !== "absent") return args.json ? printJson(answer) : print(answer);
      const pid = runningPid(home);
      if (pid === null) throw notRunning(home);
      process.kill(pid, "SIGHUP");
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

function print(answer: Reply): ExitCode {
  if (answer.kind === "failed") {
    if (answer.errors.length > 0) say(2, renderPretty(answer.errors, "", 2));
    say(2, `${paint(2, "red", "not reloaded")}: ${answer.error.message}`);
    if (answer.error.hint !== undefined) say(2, `  ${answer.error.hint}`);
    return 1;
  }
  const { generation, unchanged, changes, loaded_at, by, warnings } = answer.body;
  if (warnings.length > 0) say(2, renderPretty(warnings, "", 2));
  const when = `generation ${generation}, loaded at ${loaded_at} by ${by}`;
  say(1, unchanged ? `nothing differs from ${when}` : `reloaded: generation ${generation}`);
  for (const change of changes) say(1, `  ${describeChange(change)}`);
  return 0;
}

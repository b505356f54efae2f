// `bal graceful`: reloads the running bal and prints the result.

import { defineCommand } from "citty";
import type { ReloadReport } from "../../api/admin-api.ts";
import type { Answer } from "../../api/client.ts";
import { BalError } from "../../base/errors.ts";
import { printable } from "../../base/printable.ts";
import { describeChange } from "../../config/change.ts";
import { type Home, locateHome } from "../../control/host/home.ts";
import { clientOf } from "../client-of.ts";
import type { ExitCode } from "../exit.ts";
import { explainSilence, signalRunning } from "../not-running.ts";
import { say, sayJson } from "../output.ts";
import { printFindings } from "../print-findings.ts";
import { color } from "../views/color.ts";
import { renderJson } from "../views/render-diagnostics.ts";

export const graceful = command(
  "graceful",
  "Reload the config without downtime, and print what changed",
);
export const reload = command("reload", "The same as graceful");

function command(name: string, description: string) {
  return defineCommand({
    meta: { name, description },
    args: { json: { type: "boolean", description: "print one JSON object" } },
    async run({ args }): Promise<ExitCode> {
      const home = locateHome();
      if (!args.json) return print(await ask(home), home);
      try {
        return printJson(await ask(home), home);
      } catch (error) {
        if (!(error instanceof BalError)) throw error;
        const { code, message } = error;
        return printJson({ kind: "failed", error: { code, message }, errors: [] }, home);
      }
    },
  });
}

/** Throws BalError when no bal runs. */
async function ask(home: Home): Promise<Reply> {
  const answer = await clientOf(home).reload().catch(explainSilence(home));
  if (answer.kind !== "absent") return answer;
  return { kind: "signalled", pid: signalRunning(home, "SIGHUP") };
}

type Reply =
  | Exclude<Answer<ReloadReport>, { kind: "absent" }>
  /** The socket is gone: what came of it stands in the log. */
  | { readonly kind: "signalled"; readonly pid: number };

function printJson(answer: Reply, home: Home): ExitCode {
  if (answer.kind === "signalled") {
    logSignalled(answer.pid, home);
    sayJson({ generation: null, changes: [] });
    return 0;
  }
  if (answer.kind === "ok") {
    sayJson(answer.body);
    return 0;
  }
  const { error, errors } = answer;
  sayJson({ error, errors: renderJson(errors) });
  return 1;
}

async function print(answer: Reply, home: Home): Promise<ExitCode> {
  if (answer.kind === "signalled") {
    logSignalled(answer.pid, home);
    return 0;
  }
  if (answer.kind === "failed") {
    await printFindings(answer.errors);
    say(2, `${color(2, "red", "not reloaded")}: ${printable(answer.error.message)}`);
    if (answer.error.hint !== undefined) say(2, `  ${printable(answer.error.hint)}`);
    return 1;
  }
  const { generation, unchanged, changes, kept, loaded_at, by, warnings } = answer.body;
  await printFindings(warnings);
  const when = `generation ${generation}, loaded at ${loaded_at} by ${by}`;
  say(1, unchanged ? `nothing has changed since ${when}` : `reloaded: generation ${generation}`);
  for (const change of changes) say(1, `  ${printable(describeChange(change))}`);
  if (!unchanged)
    say(1, `  kept ${count(kept.listeners, "listener")}, ${count(kept.backends, "backend")}`);
  return 0;
}

function count(number: number, what: string): string {
  return number === 1 ? `1 ${what}` : `${number} ${what}s`;
}

function logSignalled(pid: number, home: Home): void {
  const gone = `${home.socket} does not answer`;
  say(2, `${printable(gone)}: sent SIGHUP to ${pid} instead; the result is in its log`);
}

// `bal upgrade`: another process takes the running one's place, of a new binary perhaps, and prints which.

import { resolve } from "node:path";
import { defineCommand } from "citty";
import type { UpgradeReport } from "../../api/admin-api.ts";
import { UPGRADE_MS } from "../../api/admin-api.ts";
import type { Answer } from "../../api/client.ts";
import { printable } from "../../base/printable.ts";
import { parseDuration } from "../../base/units.ts";
import { locateHome } from "../../control/host/home.ts";
import { clientOf } from "../client-of.ts";
import { type ExitCode, usageError } from "../exit.ts";
import { explainSilence, unanswered } from "../not-running.ts";
import { say, sayJson } from "../output.ts";
import { color } from "../views/color.ts";

export const upgrade = defineCommand({
  meta: { name: "upgrade", description: "Replace the running bal without losing a connection" },
  args: {
    binary: {
      type: "string",
      valueHint: "FILE",
      description: "the new binary (default: the file of the running bal)",
    },
    timeout: {
      type: "string",
      valueHint: "30s",
      description: "how long the new process may take to be ready (default 30s)",
    },
    json: { type: "boolean", description: "print one JSON object" },
  },
  async run({ args }): Promise<ExitCode> {
    const withinMs = args.timeout === undefined ? UPGRADE_MS : readMs(args.timeout);
    const binary = args.binary === undefined ? null : resolve(args.binary);
    const home = locateHome();
    const client = clientOf(home);
    const answer = await client.upgrade({ binary, withinMs }).catch(explainSilence(home));
    if (answer.kind === "absent") throw unanswered(home);
    return args.json ? printJson(answer) : print(answer);
  },
});

type Reply = Exclude<Answer<UpgradeReport>, { kind: "absent" }>;

function readMs(text: string): number {
  const ms = parseDuration(text);
  if (ms !== null && ms > 0) return ms;
  throw usageError(`--timeout must be a duration such as 30s or 2m, not '${text}'`);
}

function printJson(answer: Reply): ExitCode {
  const object = answer.kind === "ok" ? answer.body : { error: answer.error };
  sayJson(object);
  return answer.kind === "ok" ? 0 : 1;
}

function print(answer: Reply): ExitCode {
  if (answer.kind === "failed") {
    const { message, hint, output } = answer.error;
    for (const line of output?.split("\n") ?? []) say(2, `  ${printable(line)}`);
    say(2, `${color(2, "red", "not upgraded")}: ${printable(message)}`);
    if (hint !== undefined) say(2, `  ${printable(hint)}`);
    return 1;
  }
  const { pid, version, commit, left } = answer.body;
  say(1, `bal ${printable(version)} (${printable(commit)}) now serves with pid ${pid}`);
  if (left > 0) {
    const connections = left === 1 ? "1 connection stays" : `${left} connections stay`;
    say(1, `  ${connections} in the old process until it ends`);
  }
  return 0;
}

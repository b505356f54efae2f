// `bal diff`: what a reload would change on the running bal; nothing is done.

import { defineCommand } from "citty";
import type { Preview } from "../../api/admin-api.ts";
import type { Answer } from "../../api/client.ts";
import { printable } from "../../base/printable.ts";
import { describeChange } from "../../config/change.ts";
import { locateHome } from "../../control/host/home.ts";
import { clientOf } from "../client-of.ts";
import type { ExitCode } from "../exit.ts";
import { explainSilence, unanswered } from "../not-running.ts";
import { say } from "../output.ts";
import { printFindings } from "../print-findings.ts";
import { color } from "../views/color.ts";
import { renderJson } from "../views/render-diagnostics.ts";

export const diff = defineCommand({
  meta: { name: "diff", description: "Show what a reload would change, without doing it" },
  args: { json: { type: "boolean", description: "print one JSON object" } },
  async run({ args }): Promise<ExitCode> {
    const home = locateHome();
    const answer = await clientOf(home).diff().catch(explainSilence(home));
    if (answer.kind === "absent") throw unanswered(home);
    return args.json ? printJson(answer) : await print(answer);
  },
});

type Reply = Exclude<Answer<Preview>, { kind: "absent" }>;

function printJson(answer: Reply): ExitCode {
  const { kind } = answer;
  const object =
    kind === "ok" ? answer.body : { error: answer.error, errors: renderJson(answer.errors) };
  say(1, JSON.stringify(object, null, 2));
  return kind === "ok" ? 0 : 1;
}

async function print(answer: Reply): Promise<ExitCode> {
  if (answer.kind === "failed") {
    await printFindings(answer.errors);
    say(2, `${color(2, "red", "a reload would fail")}: ${printable(answer.error.message)}`);
    return 1;
  }
  const { generation, changes, warnings } = answer.body;
  await printFindings(warnings);
  if (changes.length === 0) say(1, `a reload would change nothing: generation ${generation}`);
  for (const change of changes) say(1, printable(describeChange(change)));
  return 0;
}

// `bal diff`: what a reload would change on the running bal; nothing is done.

import { defineCommand } from "citty";
import type { Preview } from "../../api/admin-api.ts";
import type { Answer } from "../../api/client.ts";
import { BalError } from "../../base/errors.ts";
import { codeOf } from "../../base/os-error.ts";
import { printable } from "../../base/printable.ts";
import { describeChange } from "../../config/change.ts";
import type { Diagnostic } from "../../config/diagnostics.ts";
import { readStart } from "../../config/read-file.ts";
import { locateHome } from "../../control/host/home.ts";
import { clientOf } from "../client-of.ts";
import { readStdin } from "../config-source.ts";
import type { ExitCode } from "../exit.ts";
import { explainSilence, unanswered } from "../not-running.ts";
import { say, sayJson } from "../output.ts";
import { printFindings } from "../print-findings.ts";
import { color } from "../views/color.ts";
import { renderJson, renderPretty } from "../views/render-diagnostics.ts";

export const diff = defineCommand({
  meta: { name: "diff", description: "Show what a reload would change, without doing it" },
  args: {
    config: {
      type: "string",
      alias: "c",
      valueHint: "FILE",
      description: "compare this file with the config in force; - is stdin",
    },
    json: { type: "boolean", description: "print one JSON object" },
  },
  async run({ args }): Promise<ExitCode> {
    const home = locateHome();
    const source = args.config === undefined ? null : await readText(args.config);
    const answer = await clientOf(home).diff(source).catch(explainSilence(home));
    if (answer.kind === "absent") throw unanswered(home);
    return args.json ? printJson(answer) : await print(answer, source?.config ?? null);
  },
});

/** Read by this user: bal may not be allowed to. Throws BalError `unreadable`. */
async function readText(path: string): Promise<{ config: string; file: string }> {
  try {
    const bytes = path === "-" ? await readStdin() : await readStart(path);
    return { config: new TextDecoder().decode(bytes), file: path };
  } catch (cause) {
    throw new BalError("unreadable", `cannot read ${path}: ${codeOf(cause) ?? String(cause)}`, {
      cause,
    });
  }
}

type Reply = Exclude<Answer<Preview>, { kind: "absent" }>;

function printJson(answer: Reply): ExitCode {
  const { kind } = answer;
  const object =
    kind === "ok" ? answer.body : { error: answer.error, errors: renderJson(answer.errors) };
  sayJson(object);
  return kind === "ok" ? 0 : 1;
}

/** `text`: of a config that stands in no file that bal reads. */
async function print(answer: Reply, text: string | null): Promise<ExitCode> {
  const show = (found: readonly Diagnostic[]) => {
    if (text === null) return printFindings(found);
    if (found.length > 0) say(2, renderPretty(found, text, 2));
  };
  if (answer.kind === "failed") {
    await show(answer.errors);
    say(2, `${color(2, "red", "a reload would fail")}: ${printable(answer.error.message)}`);
    return 1;
  }
  const { generation, changes, warnings } = answer.body;
  await show(warnings);
  if (changes.length === 0) say(1, `a reload would change nothing: generation ${generation}`);
  for (const change of changes) say(1, printable(describeChange(change)));
  return 0;
}

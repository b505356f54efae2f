// The bal that runs in the home: does it answer, is it of this version, is its config the file's?

import type { Status } from "../../api/admin-api.ts";
import { AdminClient } from "../../api/client.ts";
import { BalError } from "../../base/errors.ts";
import { isSuspended } from "../../os/process.ts";
import { type Home, isStarting, runningPid } from "../host/home.ts";
import { type Finding, Findings } from "./finding.ts";

const ANSWER_MS = 3000;

export type Daemon = {
  /** Null: none runs. */
  readonly pid: number | null;
  /** Null: it does not answer. */
  readonly status: Status | null;
  readonly findings: readonly Finding[];
};

type DaemonOptions = {
  readonly home: Home;
  /** The config that is looked at; null: none. */
  readonly file: string | null;
  /** The version of this binary. */
  readonly version: { readonly version: string; readonly commit: string };
};

export async function checkDaemon(options: DaemonOptions): Promise<Daemon> {
  const { home } = options;
  const found = new Findings("daemon");
  const pid = runningPid(home);
  if (pid === null) {
    found.ok(`no bal is running in ${home.path}`);
    return { pid, status: null, findings: found.all };
  }
  const client = new AdminClient(home.socket, {
    answerMs: ANSWER_MS,
    isStarting: () => isStarting(home),
  });
  const status = await statusOf(client, pid, found);
  if (status !== null) {
    examineStatus(status, options, found);
    if (status.config.file === options.file) await examineFile(client, found);
    found.okUnlessOther(`bal ${status.version} is running with pid ${pid}`);
  }
  return { pid, status, findings: found.all };
}

async function statusOf(client: AdminClient, pid: number, found: Findings): Promise<Status | null> {
  if (isSuspended(pid)) {
    found.broken(`bal with pid ${pid} is suspended`, `\`kill -CONT ${pid}\` resumes it`);
    return null;
  }
  try {
    const answer = await client.status();
    if (answer.kind === "ok") return answer.body;
    const why = answer.kind === "absent" ? "its socket is missing" : answer.error.message;
    found.broken(
      `bal with pid ${pid} does not answer: ${why}`,
      "restart it with `bal stop` and `bal start`",
    );
  } catch (error) {
    if (!(error instanceof BalError)) throw error;
    found.broken(error.message, error.hint ?? `see its log; its pid is ${pid}`);
  }
  return null;
}

function examineStatus(status: Status, { file, version }: DaemonOptions, found: Findings): void {
  const { phase, pid, config } = status;
  const runs = `${status.version} (${status.commit})`;
  const own = `${version.version} (${version.commit})`;
  if (runs !== own) {
    found.advise(
      `the running bal is ${runs}, and this one is ${own}`,
      "`bal upgrade` replaces it without losing a connection",
    );
  }
  if (phase === "draining") {
    found.advise(
      `bal with pid ${pid} is draining and accepts no new clients`,
      "wait for it to stop, or use `bal stop --now`",
    );
  }
  if (file !== null && config.file !== null && config.file !== file) {
    found.advise(
      `the running bal has its config from ${config.file}, not from ${file}`,
      `examine that file with bal doctor -c ${config.file}`,
    );
  }
}

async function examineFile(client: AdminClient, found: Findings): Promise<void> {
  const answer = await client.diff().catch(() => null);
  if (answer?.kind !== "ok" || answer.body.changes.length === 0) return;
  const { length } = answer.body.changes;
  found.advise(
    `the file has ${length === 1 ? "a change" : `${length} changes`} that the running bal has not loaded`,
    "`bal diff` shows the changes, and `bal graceful` loads them",
  );
}

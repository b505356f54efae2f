// `bal stop`: drains the running bal and waits until its process has ended.

import { defineCommand } from "citty";
import { type AdminClient, ANSWER_MS } from "../../api/client.ts";
import { BalError } from "../../base/errors.ts";
import { parseDuration } from "../../base/units.ts";
import { type Home, hasLeft, locateHome, runningPid } from "../../control/host/home.ts";
import { isSuspended } from "../../os/process.ts";
import { clientOf } from "../client-of.ts";
import { type ExitCode, usageError } from "../exit.ts";
import { signalRunning, suspended } from "../not-running.ts";
import { say } from "../output.ts";

const POLL_MS = 50;
const REPORT_MS = 1000;
/** Two signals of a kind at once are one; after so long the first has been seen. */
const SECOND_SIGNAL_MS = 200;

export const stop = defineCommand({
  meta: { name: "stop", description: "Drain and stop the running bal" },
  args: {
    now: { type: "boolean", description: "reset all connections at once" },
    timeout: {
      type: "string",
      valueHint: "30s",
      description: "how long to wait; after that, the drain continues and the exit code is 1",
    },
  },
  async run({ args }): Promise<ExitCode> {
    const withinMs = args.timeout === undefined ? Number.POSITIVE_INFINITY : readMs(args.timeout);
    const deadlineMs = performance.now() + withinMs;
    const now = args.now ?? false;
    const home = locateHome();
    const pid = runningPid(home);
    const client = clientOf(home, Math.min(Math.max(withinMs, 1000), ANSWER_MS));
    if (!(await askToStop(client, now))) await signalToStop(home, now);
    if (await hasEnded({ home, pid, client, deadlineMs })) {
      say(1, "stopped");
      return 0;
    }
    throw new BalError("still-draining", `bal has not stopped within ${args.timeout}`, {
      hint: "it continues to drain; `bal stop --now` resets the remaining connections",
    });
  },
});

function readMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === null)
    throw usageError(`--timeout must be a duration such as 30s or 2m, not '${text}'`);
  return ms;
}

/** False when nobody answers. */
async function askToStop(client: AdminClient, now: boolean): Promise<boolean> {
  const status = await client.status().catch(nullWhenSilent);
  if (status === null || status.kind === "absent") return false;
  // Asked a second time a drain would be cut short: who only waits for it must not ask, and one that
  // was asked and did not answer must not be signalled.
  if (!now && status.kind === "ok" && status.body.phase === "draining") return true;
  const answer = await client.stop(now).catch(nullWhenSilent);
  return answer === null || answer.kind === "ok";
}

function nullWhenSilent(error: unknown): null {
  if (error instanceof BalError && error.code === "no-answer") return null;
  throw error;
}

async function signalToStop(home: Home, now: boolean): Promise<void> {
  signalRunning(home, "SIGTERM");
  if (!now) return;
  await Bun.sleep(SECOND_SIGNAL_MS);
  if (runningPid(home) !== null) signalRunning(home, "SIGTERM");
}

type Wait = {
  readonly home: Home;
  /** Null: it left no pid. */
  readonly pid: number | null;
  readonly client: AdminClient;
  readonly deadlineMs: number;
};

/** Waits, and prints what it waits for. False when it took too long. Throws BalError `suspended`. */
async function hasEnded({ home, pid, client, deadlineMs }: Wait): Promise<boolean> {
  let reportAtMs = performance.now() + REPORT_MS;
  let report: Promise<void> | null = null;
  while (!hasLeft(home, pid)) {
    if (pid !== null && isSuspended(pid)) throw suspended(pid);
    const nowMs = performance.now();
    if (nowMs >= deadlineMs) return false;
    // Not waited for: one that hangs must not make this command late.
    if (nowMs >= reportAtMs && report === null) {
      reportAtMs = nowMs + REPORT_MS;
      report = reportLeft(client).finally(() => {
        report = null;
      });
    }
    await Bun.sleep(POLL_MS);
  }
  return true;
}

async function reportLeft(client: AdminClient): Promise<void> {
  const answer = await client.status().catch(nullWhenSilent);
  if (answer === null) say(2, "waiting: bal does not answer");
  if (answer?.kind !== "ok") return;
  const active = answer.body.listeners.reduce((sum, listener) => sum + listener.active, 0);
  const left = `${active} connection${active === 1 ? "" : "s"} left`;
  say(2, `draining: ${left}; \`bal stop --now\` resets ${active === 1 ? "it" : "them"}`);
}

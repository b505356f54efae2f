// `bal stop`: drains the running bal and waits until its process has ended.
import { defineCommand } from "citty";
import { BalError } from "../base/errors.ts";
import { parseDuration } from "../base/units.ts";
import { AdminClient } from "../control/admin/client.ts";
import { type Home, locateHome, runningPid } from "../control/home.ts";
import { type ExitCode, say, usageError } from "./exit.ts";
import { signalRunning } from "./not-running.ts";

const POLL_MS = 50;
const REPORT_MS = 1000;
/** Two signals of a kind at once are one; after so long the first has been seen. */
const SECOND_SIGNAL_MS = 200;

export const stop = defineCommand({
  meta: { name: "stop", description: "Drain and end the running bal" },
  args: {
    now: { type: "boolean", description: "end its connections at once" },
    timeout: {
      type: "string",
      valueHint: "30s",
      description: "wait no longer; the drain goes on, and the exit code is 1",
    },
  },
  async run({ args }): Promise<ExitCode> {
    const withinMs = args.timeout === undefined ? Number.POSITIVE_INFINITY : readMs(args.timeout);
    const home = locateHome();
    const client = new AdminClient(home.socket);
    if (!(await askToStop(client, args.now ?? false))) await signalToStop(home, args.now ?? false);
    if (await hasEnded(home, client, withinMs)) {
      say(1, "stopped");
      return 0;
    }
    throw new BalError("still-draining", `bal has not ended within ${args.timeout}`, {
      hint: "it drains on; `bal stop --now` ends the connections that are left",
    });
  },
});

function readMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === null) throw usageError(`--timeout is a duration such as 30s or 2m; not '${text}'`);
  return ms;
}

/** False when nobody answers. */
async function askToStop(client: AdminClient, now: boolean): Promise<boolean> {
  try {
    const status = await client.status();
    if (status.kind === "absent") return false;
    // Asked a second time a drain would be cut short: who only waits for it must not ask.
    if (!now && status.kind === "ok" && status.body.phase === "draining") return true;
    return (await client.stop(now)).kind === "ok";
  } catch (error) {
    if (error instanceof BalError) return false;
    throw error;
  }
}

async function signalToStop(home: Home, now: boolean): Promise<void> {
  signalRunning(home, "SIGTERM");
  if (!now) return;
  await Bun.sleep(SECOND_SIGNAL_MS);
  if (runningPid(home) !== null) signalRunning(home, "SIGTERM");
}

/** Waits, and tells what it waits for. False when it took too long. */
async function hasEnded(home: Home, client: AdminClient, withinMs: number): Promise<boolean> {
  const startedAtMs = performance.now();
  let reportAtMs = startedAtMs + REPORT_MS;
  while (runningPid(home) !== null) {
    const nowMs = performance.now();
    if (nowMs - startedAtMs >= withinMs) return false;
    if (nowMs >= reportAtMs) {
      reportAtMs += REPORT_MS;
      await reportLeft(client);
    }
    await Bun.sleep(POLL_MS);
  }
  return true;
}

async function reportLeft(client: AdminClient): Promise<void> {
  const answer = await client.status().catch(() => null);
  if (answer?.kind !== "ok") return;
  const active = answer.body.listeners.reduce((sum, listener) => sum + listener.active, 0);
  const left = `${active} connection${active === 1 ? "" : "s"} left`;
  say(2, `draining: ${left}; \`bal stop --now\` ends ${active === 1 ? "it" : "them"}`);
}

// `bal stop`: drains the running bal and waits until its process has ended.
import { defineCommand } from "citty";
import { AdminClient } from "../control/admin/client.ts";
import { type Home, locateHome, runningPid } from "../control/home.ts";
import { type ExitCode, say } from "./exit.ts";
import { notRunning } from "./not-running.ts";

const POLL_MS = 50;
const REPORT_MS = 1000;

export const stop = defineCommand({
  meta: { name: "stop", description: "Drain and end the running bal" },
  args: { now: { type: "boolean", description: "end its connections at once" } },
  async run({ args }): Promise<ExitCode> {
    const home = locateHome();
    const pid = runningPid(home);
    const client = new AdminClient(home.socket);
    const answer = await client.stop(args.now ?? false);
    if (answer.kind !== "ok") {
      if (pid === null) throw notRunning(home);
      process.kill(pid, "SIGTERM");
      if (args.now) process.kill(pid, "SIGTERM");
    }
    await waitForEnd(home, client);
    say(1, "stopped");
    return 0;
  },
});

async function waitForEnd(home: Home, client: AdminClient): Promise<void> {
  let reportAtMs = performance.now() + REPORT_MS;
  while (runningPid(home) !== null) {
    await Bun.sleep(POLL_MS);
    if (performance.now() < reportAtMs) continue;
    reportAtMs += REPORT_MS;
    const answer = await client.status().catch(() => null);
    if (answer?.kind !== "ok") continue;
    const active = answer.body.listeners.reduce((sum, listener) => sum + listener.active, 0);
    say(
      2,
      `draining: ${active} connection${active === 1 ? "" : "s"} left; \`bal stop --now\` ends them`,
    );
  }
}

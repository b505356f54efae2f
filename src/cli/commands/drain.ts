// `bal drain` and `bal undrain`: takes a backend out of service without ending a connection, and back.
import { defineCommand } from "citty";
import type { AdminClient } from "../../api/client.ts";
import { BalError } from "../../base/errors.ts";
import { printable } from "../../base/printable.ts";
import { parseDuration } from "../../base/units.ts";
import { type Home, locateHome } from "../../control/host/home.ts";
import { isTerminal } from "../../os/terminal.ts";
import { clientOf } from "../client-of.ts";
import { type ExitCode, usageError } from "../exit.ts";
import { findBackend, type Named, nameArgument, spell, steer } from "../named-backend.ts";
import { say, sayOver } from "../output.ts";

const POLL_MS = 100;
const DEFAULT_TIMEOUT = "5m";

export const drain = defineCommand({
  meta: {
    name: "drain",
    description: "Give a backend no new connections; existing ones may finish",
  },
  args: {
    name: nameArgument,
    wait: { type: "boolean", description: "return when its last connection has ended" },
    timeout: {
      type: "string",
      valueHint: DEFAULT_TIMEOUT,
      description: `how long to wait (default ${DEFAULT_TIMEOUT}); after that, the drain continues and the exit code is 1`,
    },
  },
  async run({ args }): Promise<ExitCode> {
    const withinMs = readMs(args.timeout ?? DEFAULT_TIMEOUT);
    if (args.timeout !== undefined && !args.wait) {
      throw usageError("--timeout needs --wait");
    }
    const home = locateHome();
    const client = clientOf(home);
    const named = await findBackend(client, home, args.name);
    const { active } = await steer(client, home, [named, { drain: true }]);
    if (args.wait) return await waitForLast(named, { client, home, withinMs });
    say(1, printable(`${spell(named)} is draining: ${count(active)} left`));
    return 0;
  },
});

export const undrain = defineCommand({
  meta: { name: "undrain", description: "Give a backend new connections again" },
  args: { name: nameArgument },
  async run({ args }): Promise<ExitCode> {
    const home = locateHome();
    const client = clientOf(home);
    const named = await findBackend(client, home, args.name);
    const { state, reason } = await steer(client, home, [named, { drain: false }]);
    say(1, printable(`${spell(named)} is ${state}${reason === null ? "" : `: ${reason}`}`));
    return 0;
  },
});

function readMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === null)
    throw usageError(`--timeout must be a duration such as 30s or 5m, not '${text}'`);
  return ms;
}

type Wait = {
  readonly client: AdminClient;
  readonly home: Home;
  readonly withinMs: number;
};

/** Throws BalError when its time is over, or the drain is. */
async function waitForLast(named: Named, { client, home, withinMs }: Wait): Promise<ExitCode> {
  const startedAtMs = performance.now();
  const who = spell(named);
  const isWatched = isTerminal(2);
  try {
    for (;;) {
      const { active, state } = (await findBackend(client, home, who)).status;
      const waitedMs = performance.now() - startedAtMs;
      if (state !== "draining") {
        throw new BalError(
          "not-draining",
          `${who} is no longer draining: somebody has ended the drain`,
        );
      }
      if (isWatched) sayOver(2, printable(`${who}: ${count(active)} left, ${seconds(waitedMs)}`));
      if (active === 0) break;
      if (waitedMs >= withinMs) throw stillThere(who, active);
      await Bun.sleep(Math.min(POLL_MS, withinMs - waitedMs));
    }
  } finally {
    if (isWatched) sayOver(2, "");
  }
  say(1, printable(`${who} is drained`));
  return 0;
}

function stillThere(who: string, active: number): BalError {
  return new BalError("still-draining", `${who} has ${count(active)} left`, {
    hint: `it continues to drain; \`bal undrain ${who}\` ends the drain`,
  });
}

function seconds(ms: number): string {
  return `${Math.floor(ms / 1000)}s`;
}

function count(sessions: number): string {
  return sessions === 1 ? "1 connection" : `${sessions} connections`;
}

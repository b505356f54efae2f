// What clients notice when one of two backends dies, or hangs.
import { EchoBackend, echoProbe } from "../load/echo-backend.ts";
import { errorCount, shortConnections } from "../load/short-connections-report.ts";
import type { Run } from "../run.ts";
import type { Question } from "./question.ts";

const LOOPS = 4;
const KILL_AFTER_MS = 1000;
const KILL_MS = 5000;
const QUICK_KILL_MS = 2000;
const FREEZE_MS = 12_000;
/** Soon full, and yet more than the loops and checks have under way. */
const BACKLOG = 16;

export const failover: Question = {
  name: "failover",
  title: "one of two backends fails",
  notes: [
    `${LOOPS} loops of short connections; the gap is the longest time in which one had no success.`,
    "Killed: SIGKILL; connections that it had in its hands fail whatever balances them. Frozen:",
    `SIGSTOP with a full accept queue, before ${FREEZE_MS / 1000} s of load, so that dials hang. Not with --quick.`,
    "All dial for at most 2 s at a time; checks are as they come (bal 5 s, HAProxy 2 s, nginx none).",
  ],
  programs: [],
  isForDirect: false,
  figures: [
    { name: "kill-gap", title: "killed, longest gap", unit: "ms", lowerIsBetter: true },
    { name: "kill-errors", title: "killed", unit: "failed connections", lowerIsBetter: true },
    { name: "freeze-gap", title: "frozen, longest gap", unit: "ms", lowerIsBetter: true },
    { name: "freeze-slow", title: "frozen", unit: "clients held up", lowerIsBetter: true },
    { name: "freeze-errors", title: "frozen", unit: "failed connections", lowerIsBetter: true },
  ],
  async ask(run: Run) {
    const killed = await kill(run);
    return run.isQuick ? killed : { ...killed, ...(await freeze(run)) };
  },
};

async function kill(run: Run) {
  await using a = await EchoBackend.start(run.folder);
  await using b = await EchoBackend.start(run.folder);
  const backendPorts = [a.port, b.port];
  await using balanced = await run.balance({ backendPorts, probe: echoProbe });
  const ms = run.isQuick ? QUICK_KILL_MS : KILL_MS;
  const [report] = await Promise.all([
    shortConnections({ port: balanced.port, loops: LOOPS, ms, pauseMs: 0 }),
    Bun.sleep(KILL_AFTER_MS).then(() => a.kill()),
  ]);
  return { "kill-gap": report.longestGapMs, "kill-errors": errorCount(report) };
}

async function freeze(run: Run) {
  await using a = await EchoBackend.start(run.folder, BACKLOG);
  await using b = await EchoBackend.start(run.folder, BACKLOG);
  const backendPorts = [a.port, b.port];
  await using balanced = await run.balance({ backendPorts, probe: echoProbe });
  await using _ = await a.freeze(run.folder);
  const load = { port: balanced.port, loops: LOOPS, ms: FREEZE_MS, pauseMs: 0 };
  const report = await shortConnections(load);
  return {
    "freeze-gap": report.longestGapMs,
    "freeze-slow": report.slow,
    "freeze-errors": errorCount(report),
  };
}

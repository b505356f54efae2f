// What a reload costs under load, and whether clients notice it.
import { EchoBackend, echoProbe } from "../load/echo-backend.ts";
import { errorCount, shortConnections } from "../load/short-connections-report.ts";
import type { Balanced, Run } from "../run.ts";
import type { Question } from "./question.ts";

const LOOPS = 4;
/** Load enough to notice, and little beside the cost of a reload. */
const PAUSE_MS = 2;
const WARMUP_MS = 500;
/** Processes of before a reload end in it, and those of after it come up. */
const SETTLE_MS = 500;
const TAKES_EFFECT_WITHIN_MS = 5000;

export const reload: Question = {
  name: "reload",
  title: "reloads under load",
  notes: [
    `Ten in 5 s (--quick: three) under ${LOOPS} loops of short connections; each adds or removes a backend.`,
    "bal: `bal graceful`; HAProxy: SIGUSR2 to the master; nginx: `nginx -s reload`. CPU time of all",
    "processes, old ones too, less what the same connections cost without reloads.",
  ],
  programs: [],
  isForDirect: false,
  figures: [
    { name: "errors", title: "", unit: "failed connections", lowerIsBetter: true },
    { name: "cpu", title: "balancer", unit: "CPU ms/reload", lowerIsBetter: true },
    { name: "cpu-all", title: "with the command", unit: "CPU ms/reload", lowerIsBetter: true },
  ],
  async ask(run: Run) {
    await using a = await EchoBackend.start(run.folder);
    await using b = await EchoBackend.start(run.folder);
    await using c = await EchoBackend.start(run.folder);
    const backendPorts = [a.port, b.port];
    await using balanced = await run.balance({ backendPorts, probe: echoProbe });
    const load = (ms: number) =>
      shortConnections({ port: balanced.port, loops: LOOPS, ms, pauseMs: PAUSE_MS });
    await load(WARMUP_MS);
    const plain = await balanced.measure(() => load(run.isQuick ? 1000 : 3000));
    const connectionMs = plain.cpuMs / plain.result.succeeded;

    const reloads = run.isQuick ? 3 : 10;
    const sets = [[...backendPorts, c.port], backendPorts];
    const { cpuMs, result } = await balanced.measure(async () => {
      const both = await Promise.all([load(reloads * 500), reloadOften(balanced, reloads, sets)]);
      await Bun.sleep(SETTLE_MS);
      return both;
    });
    const [report, commandMs] = result;
    const cpu = (cpuMs - report.succeeded * connectionMs) / reloads;
    await balanced.reload([c.port]);
    await Promise.all([a, b].map((backend) => backend[Symbol.asyncDispose]()));
    await untilEffective(balanced);
    return { errors: errorCount(report), cpu, "cpu-all": cpu + commandMs / reloads };
  },
};

/** The CPU time of the commands, in ms. */
async function reloadOften(
  balanced: Balanced,
  reloads: number,
  sets: readonly (readonly number[])[],
): Promise<number> {
  let commandMs = 0;
  for (let turn = 0; turn < reloads; turn++) {
    const nextAtMs = performance.now() + 450;
    commandMs += await balanced.reload(sets[turn % sets.length] ?? []);
    await Bun.sleep(Math.max(0, nextAtMs - performance.now()));
  }
  return commandMs;
}

/** Only the backend of the last reload is left: who serves has reloaded. */
async function untilEffective(balanced: Balanced): Promise<void> {
  const deadline = performance.now() + TAKES_EFFECT_WITHIN_MS;
  for (;;) {
    try {
      return await echoProbe(balanced.port);
    } catch {
      if (performance.now() > deadline) throw new Error(`no reload took effect: ${balanced.log()}`);
      await Bun.sleep(50);
    }
  }
}

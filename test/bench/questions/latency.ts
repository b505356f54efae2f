// How long a message takes at a rate far below the limit, as an open loop sees it.
import { join } from "node:path";
import { EchoBackend, echoProbe } from "../load/echo-backend.ts";
import { runToEnd } from "../process/child.ts";
import type { Run } from "../run.ts";
import type { Question } from "./question.ts";

const RATE = 5000;
const CONNECTIONS = 50;
/** The runtime compiles the relay in the first seconds, and p99 is nothing but that then. */
const WARMUP_MS = 6000;
const SCRIPT = join(import.meta.dir, "../load/open-loop.ts");

export const latency: Question = {
  name: "latency",
  title: `round trips at ${RATE.toLocaleString("en-US")}/s`,
  notes: [
    `Open loop: 64-byte echoes on ${CONNECTIONS} kept connections, each sent at a time fixed before,`,
    "its latency counted from that time. The echo backend and the client are in it (see direct).",
    `Measured after ${WARMUP_MS / 1000} s of the same.`,
  ],
  programs: [],
  isForDirect: true,
  figures: [
    { name: "p50", title: "p50", unit: "µs", lowerIsBetter: true },
    { name: "p99", title: "p99", unit: "µs", lowerIsBetter: true },
    { name: "p999", title: "p99.9", unit: "µs", lowerIsBetter: true },
    { name: "cpu", title: "", unit: "CPU µs/round trip", lowerIsBetter: true },
  ],
  async ask(run: Run) {
    await using backend = await EchoBackend.start(run.folder);
    await using balanced = await run.balance({ backendPorts: [backend.port], probe: echoProbe });
    const ms = run.isQuick ? 1000 : 4000;
    const numbers = [balanced.port, RATE, CONNECTIONS, ms, WARMUP_MS].map(String);
    const { cpuMs, result } = await balanced.measure(() =>
      runToEnd([process.execPath, SCRIPT, ...numbers], { timeoutMs: ms + 15_000 }),
    );
    const readings: Record<string, number> = JSON.parse(result.stdout);
    const trips = (RATE * (ms + WARMUP_MS)) / 1000;
    return run.rival.isBalancer ? { ...readings, cpu: (cpuMs * 1000) / trips } : readings;
  },
};

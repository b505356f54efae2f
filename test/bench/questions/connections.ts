// What a connection costs: each request has one of its own.
import { HttpBackend, httpProbe } from "../load/http-backend.ts";
import { warmUp, wrk } from "../load/wrk.ts";
import type { Run } from "../run.ts";
import type { Question } from "./question.ts";

const AT_ONCE = 32;
const WARM_AFTER = 30_000;

export const connections: Question = {
  name: "connections",
  title: "HTTP requests on a connection each",
  notes: [
    `wrk with Connection: close, ${AT_ONCE} at once, 64 B, an nginx behind.`,
    `Measured after ${WARM_AFTER.toLocaleString("en-US")} connections.`,
  ],
  programs: ["wrk", "nginx"],
  isForDirect: true,
  figures: [
    { name: "rate", title: "", unit: "connections/s", lowerIsBetter: false },
    { name: "cpu", title: "", unit: "CPU µs/connection", lowerIsBetter: true },
  ],
  async ask(run: Run) {
    await using backend = await HttpBackend.start(run.folder);
    await using balanced = await run.balance({
      backendPorts: [backend.port],
      probe: httpProbe(64),
    });
    const { port } = balanced;
    const load = (seconds: number) =>
      wrk({ port, bytes: 64, seconds, connections: AT_ONCE, isClosing: true });
    await warmUp(run.isQuick ? 1 : WARM_AFTER, load);
    const { cpuMs, result } = await balanced.measure(() => load(run.seconds));
    const rate = { rate: result.perSecond };
    return run.rival.isBalancer ? { ...rate, cpu: (cpuMs * 1000) / result.requests } : rate;
  },
};

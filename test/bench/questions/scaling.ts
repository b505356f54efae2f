// What a second worker gains, and each doubling up to the number of cores.
import { availableParallelism } from "node:os";
import { HttpBackend, httpProbe } from "../load/http-backend.ts";
import { wrk } from "../load/wrk.ts";
import type { Run } from "../run.ts";
import type { Figure, Question } from "./question.ts";

const CONNECTIONS = 64;
const CORES = availableParallelism();
const WORKERS = [1, 2, 4, 8, 16, 32].filter((workers) => workers <= Math.max(2, CORES));

export const scaling: Question = {
  name: "scaling",
  title: "kept requests of 64 B by number of workers",
  notes: [
    `wrk with ${CONNECTIONS} connections, an nginx behind.`,
    `Load, backend and balancer share the ${CORES} cores: it says little where those are few.`,
  ],
  programs: ["wrk", "nginx"],
  isForDirect: false,
  figures: WORKERS.flatMap((workers): Figure[] => {
    const title = workers === 1 ? "1 worker" : `${workers} workers`;
    return [
      { name: `rate-${workers}`, title, unit: "requests/s", lowerIsBetter: false },
      { name: `cpu-${workers}`, title, unit: "CPU µs/request", lowerIsBetter: true },
    ];
  }),
  async ask(run: Run) {
    await using backend = await HttpBackend.start(run.folder);
    const readings: Record<string, number> = {};
    for (const workers of WORKERS) {
      await using balanced = await run.balance({
        backendPorts: [backend.port],
        probe: httpProbe(64),
        workers,
      });
      const { port } = balanced;
      const load = (seconds: number) => wrk({ port, bytes: 64, seconds, connections: CONNECTIONS });
      if (!run.isQuick) await load(1);
      const { cpuMs, result } = await balanced.measure(() => load(run.seconds));
      readings[`rate-${workers}`] = result.perSecond;
      readings[`cpu-${workers}`] = (cpuMs * 1000) / result.requests;
    }
    return readings;
  },
};

// How many requests go through on kept connections, and what each costs the balancer.
import { type BodyBytes, HttpBackend, httpProbe } from "../load/http-backend.ts";
import { wrk } from "../load/wrk.ts";
import type { Run } from "../run.ts";
import type { Figure, Question } from "./question.ts";

const CONNECTIONS = 32;
const SIZES: readonly { bytes: BodyBytes; title: string; isForQuick: boolean }[] = [
  { bytes: 64, title: "64 B", isForQuick: true },
  { bytes: 4096, title: "4 KiB", isForQuick: false },
];

export const keptRequests: Question = {
  name: "kept-requests",
  title: "HTTP requests on kept connections",
  notes: [`wrk with ${CONNECTIONS} connections, an nginx behind.`],
  programs: ["wrk", "nginx"],
  isForDirect: true,
  figures: SIZES.flatMap(({ bytes, title }): Figure[] => [
    { name: `rate-${bytes}`, title, unit: "requests/s", lowerIsBetter: false },
    { name: `cpu-${bytes}`, title, unit: "CPU µs/request", lowerIsBetter: true },
  ]),
  async ask(run: Run) {
    await using backend = await HttpBackend.start(run.folder);
    await using balanced = await run.balance({
      backendPorts: [backend.port],
      probe: httpProbe(64),
    });
    const { port } = balanced;
    const readings: Record<string, number> = {};
    for (const { bytes } of SIZES.filter(({ isForQuick }) => isForQuick || !run.isQuick)) {
      const load = (seconds: number) => wrk({ port, bytes, seconds, connections: CONNECTIONS });
      await load(1);
      const { cpuMs, result } = await balanced.measure(() => load(run.seconds));
      readings[`rate-${bytes}`] = result.perSecond;
      if (run.rival.isBalancer) readings[`cpu-${bytes}`] = (cpuMs * 1000) / result.requests;
    }
    return readings;
  },
};

// How many bytes go through, and what they cost.
import { IperfBackend, iperf3, iperfProbe, undisturbed } from "../load/iperf3.ts";
import type { Run } from "../run.ts";
import type { Figure, Question } from "./question.ts";

const BYTES_PER_GB = 1e9;

const SHAPES = [
  { name: "up", title: "one stream up", args: [], isForQuick: true },
  { name: "down", title: "one stream down", args: ["-R"], isForQuick: false },
  { name: "both", title: "8 streams, both ways", args: ["--bidir", "-P", "8"], isForQuick: true },
] as const;

export const bulk: Question = {
  name: "bulk",
  title: "bytes in bulk",
  notes: ["iperf3 at both ends. A GB is 10^9 bytes that arrived, counted once for each direction."],
  programs: ["iperf3"],
  isForDirect: true,
  figures: SHAPES.flatMap(({ name, title }): Figure[] => [
    { name: `rate-${name}`, title, unit: "GB/s", lowerIsBetter: false },
    { name: `cpu-${name}`, title, unit: "core-s/GB", lowerIsBetter: true },
  ]),
  async ask(run: Run) {
    await using backend = new IperfBackend(run.folder);
    await using balanced = await run.balance({ backendPorts: [backend.port], probe: iperfProbe });
    const readings: Record<string, number> = {};
    for (const { name, args } of SHAPES.filter(({ isForQuick }) => isForQuick || !run.isQuick)) {
      const { cpuMs, result } = await undisturbed(() =>
        balanced.measure(() => iperf3(balanced.port, run.isQuick ? 1 : 3, args)),
      );
      readings[`rate-${name}`] = result.bytes / BYTES_PER_GB / result.seconds;
      if (!run.rival.isBalancer) continue;
      readings[`cpu-${name}`] = cpuMs / 1000 / (result.bytes / BYTES_PER_GB);
    }
    return readings;
  },
};

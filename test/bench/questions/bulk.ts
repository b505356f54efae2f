// How many bytes go through, and what they cost.
import { IperfBackend, iperf3, iperfProbe, undisturbed } from "../load/iperf3.ts";
import type { Run } from "../run.ts";
import type { Figure, Question } from "./question.ts";

const BYTES_PER_GB = 1e9;
const IDLE_MS = 500;

const SHAPES = [
  { name: "up", title: "one stream up", args: [], isForQuick: true },
  { name: "down", title: "one stream down", args: ["-R"], isForQuick: false },
  { name: "both", title: "8 streams, both ways", args: ["--bidir", "-P", "8"], isForQuick: true },
] as const;

export const bulk: Question = {
  name: "bulk",
  title: "bytes in bulk",
  notes: [
    "iperf3 at both ends. A GB is 10^9 bytes that arrived, counted once for each direction.",
    "Machine: CPU of all processes and of the kernel's interrupts, less what the idle machine used just",
    "before. Which process pays for an interrupt is luck, so this is the fairer figure.",
  ],
  programs: ["iperf3"],
  isForDirect: true,
  figures: SHAPES.flatMap(({ name, title }): Figure[] => [
    { name: `rate-${name}`, title, unit: "GB/s", lowerIsBetter: false },
    { name: `cpu-${name}`, title, unit: "core-s/GB", lowerIsBetter: true },
    { name: `machine-${name}`, title, unit: "machine core-s/GB", lowerIsBetter: true },
  ]),
  async ask(run: Run) {
    await using backend = new IperfBackend(run.folder);
    await using balanced = await run.balance({ backendPorts: [backend.port], probe: iperfProbe });
    const idle = await balanced.measure(() => Bun.sleep(IDLE_MS));
    const idleShare = idle.busyMs / idle.tookMs;
    const readings: Record<string, number> = {};
    for (const { name, args } of SHAPES.filter(({ isForQuick }) => isForQuick || !run.isQuick)) {
      const { cpuMs, busyMs, tookMs, result } = await undisturbed(() =>
        balanced.measure(() => iperf3(balanced.port, run.seconds, args)),
      );
      const gigabytes = result.bytes / BYTES_PER_GB;
      readings[`rate-${name}`] = gigabytes / result.seconds;
      readings[`machine-${name}`] = (busyMs - idleShare * tookMs) / 1000 / gigabytes;
      if (run.rival.isBalancer) readings[`cpu-${name}`] = cpuMs / 1000 / gigabytes;
    }
    return readings;
  },
};

// The process as Prometheus' own clients describe it.
import { isLinux } from "../../os/libc.ts";
import { openFileLimit, openFiles } from "../../os/limits.ts";
import type { Family } from "./exposition.ts";

export function processFamilies(): readonly Family[] {
  const { user, system } = process.cpuUsage();
  const startedAt = (Date.now() - process.uptime() * 1000) / 1000;
  const one = (value: number) => [{ labels: {}, value }];
  const cpu = one((user + system) / 1e6);
  return [
    {
      name: "process_cpu_seconds_total",
      type: "counter",
      help: "User and system CPU time.",
      samples: cpu,
    },
    {
      name: "process_resident_memory_bytes",
      type: "gauge",
      help: "Memory in RAM.",
      samples: one(process.memoryUsage.rss()),
    },
    {
      name: "process_open_fds",
      type: "gauge",
      help: "Open file descriptors.",
      samples: isLinux ? one(openFiles()) : [],
    },
    {
      name: "process_max_fds",
      type: "gauge",
      help: "The open-file limit.",
      samples: one(openFileLimit()),
    },
    {
      name: "process_start_time_seconds",
      type: "gauge",
      help: "When the process started, in seconds since 1970.",
      samples: one(startedAt),
    },
  ];
}

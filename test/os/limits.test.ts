// The memory that a process really has, by its cgroups, from files as they are on real hosts.
import { expect, test } from "bun:test";
import { cgroupMemory } from "../../src/os/limits.ts";

const MIB = 1024 * 1024;
const NONE = Number.POSITIVE_INFINITY;

const reader = (files: Readonly<Record<string, string>>) => (path: string) => files[path] ?? "";

test.each([
  [
    "v2, a systemd unit, whose slice has less",
    {
      "/proc/self/cgroup": "0::/system.slice/bal.service\n",
      "/sys/fs/cgroup/system.slice/bal.service/memory.max": "134217728\n",
      "/sys/fs/cgroup/system.slice/memory.max": "67108864\n",
    },
    64 * MIB,
  ],
  [
    "v2, a container that sees its own group as the root",
    { "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "33554432\n" },
    32 * MIB,
  ],
  [
    "v2, no limit",
    { "/proc/self/cgroup": "0::/user.slice\n", "/sys/fs/cgroup/user.slice/memory.max": "max\n" },
    NONE,
  ],
  [
    "v1 beside an empty v2",
    {
      "/proc/self/cgroup": "9:name=systemd:/\n4:memory:/a/b\n0::/\n",
      "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes": "9223372036854771712\n",
      "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": "268435456\n",
    },
    256 * MIB,
  ],
  [
    "v1, a container whose path is the host's",
    {
      "/proc/self/cgroup": "4:cpu,memory:/docker/4f2a\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "104857600\n",
    },
    100 * MIB,
  ],
  ["no cgroup at all", {}, NONE],
] as const)("%s", (_, files, expected) => {
  expect(cgroupMemory(reader(files))).toBe(expected);
});

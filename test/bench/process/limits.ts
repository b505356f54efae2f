// What the children of this process may open. Bun raises its own soft limit to the hard one.
import { readFileSync } from "node:fs";

export function openFileLimit(): number {
  const limits = readFileSync("/proc/self/limits", "utf8");
  const soft = /^Max open files\s+(\w+)/m.exec(limits)?.[1];
  return soft === "unlimited" ? 1_000_000 : Number(soft);
}

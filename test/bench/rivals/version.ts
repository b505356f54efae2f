// Asks a program which version it is.
import { environment, find } from "../process/child.ts";

/** What the pattern's first group finds in its words; null when it is not installed. */
export function versionOf(command: readonly [string, ...string[]], pattern: RegExp): string | null {
  const [program, ...args] = command;
  const path = find(program);
  if (path === null) return null;
  const { stdout, stderr } = Bun.spawnSync([path, ...args], { env: environment() });
  return pattern.exec(`${stdout}${stderr}`)?.[1] ?? "of an unknown version";
}

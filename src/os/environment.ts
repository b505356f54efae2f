// The environment that processes of bal's own are started with.

/**
 * This process's, without what the runtime in the binary obeys: BUN_OPTIONS and BUN_INSPECT run code or
 * open a debugger, BUN_BE_BUN makes the binary another program. What was set for one start is not handed
 * on to a bal in the background, nor over upgrades.
 */
export function childEnvironment(): Record<string, string> {
  const all = Object.entries(process.env);
  return Object.fromEntries(
    all.filter((entry): entry is [string, string] => {
      const [name, value] = entry;
      return value !== undefined && !name.startsWith("BUN_");
    }),
  );
}

/** The same for a systemd unit, which names each. */
export const RUNTIME_VARIABLES = [
  "BUN_BE_BUN",
  "BUN_INSPECT",
  "BUN_INSPECT_CONNECT_TO",
  "BUN_INSPECT_NOTIFY",
  "BUN_INSPECT_PRELOAD",
  "BUN_OPTIONS",
] as const;

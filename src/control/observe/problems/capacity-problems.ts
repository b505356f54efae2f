// Limits that are reached, or nearly: connections, memory, descriptors.
import type { ListenerStatus, Status } from "../../../api/admin-api.ts";
import { sizeFigure } from "../../../base/figures.ts";
import type { Found } from "./problem-list.ts";

/** From there on there is little time left. */
const NEARLY = 0.9;

/** The ceiling of all connections. */
export function ceilingProblems(
  { max_connections, active }: Status["limits"],
  { isConfigured, waits }: { readonly isConfigured: boolean; readonly waits: boolean },
): readonly Found[] {
  if (active < max_connections) return [];
  const what = `${active} of ${max_connections} connections: the limit is reached`;
  const next = waits ? "new clients wait to be accepted" : "new clients are refused";
  const hint = isConfigured
    ? "raise limits.max_connections"
    : "raise the open-file limit (ulimit -n, LimitNOFILE= in a systemd unit), then `bal graceful`";
  const message = `${what}, and ${next}`;
  return [{ severity: "critical", code: "ceiling-reached", subject: "bal", message, hint }];
}

export function listenerProblems(listeners: readonly ListenerStatus[]): readonly Found[] {
  return listeners
    .filter(({ active, max_connections }) => max_connections > 0 && active >= max_connections)
    .map(({ name, active, max_connections }) => ({
      severity: "critical",
      code: "listener-full",
      subject: `listener ${name}`,
      message: `listener ${name} is full: ${active} of ${max_connections} connections, and new clients are refused`,
      hint: "raise its limits.max_connections",
    }));
}

type Usage = {
  readonly used: number;
  /** Infinity: none is known. */
  readonly limit: number;
};

export function memoryProblems(memory: Usage, buffered: Usage): readonly Found[] {
  const found: Found[] = [];
  if (memory.used >= NEARLY * memory.limit) {
    const message = `bal uses ${share(memory)} of memory that it may use`;
    const hint = "lower limits.max_connections or limits.max_buffered, or give it more memory";
    found.push({ severity: "error", code: "memory-scarce", subject: "memory", message, hint });
  }
  if (buffered.used >= NEARLY * buffered.limit) {
    const message = `slow readers hold ${share(buffered)} of limits.max_buffered: bal resets the slowest`;
    const hint = "`bal sessions` shows them; raise limits.max_buffered if there is enough memory";
    found.push({ severity: "error", code: "buffers-full", subject: "buffers", message, hint });
  }
  return found;
}

export function descriptorProblems({ used, limit }: Usage): readonly Found[] {
  if (used < NEARLY * limit) return [];
  const message = `${used} of ${limit} file descriptors are open`;
  const hint = "raise the open-file limit (ulimit -n, LimitNOFILE= in a systemd unit)";
  return [
    { severity: "warning", code: "descriptors-scarce", subject: "descriptors", message, hint },
  ];
}

function share({ used, limit }: Usage): string {
  return `${sizeFigure(used)} of the ${sizeFigure(limit)}`;
}

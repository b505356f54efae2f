// Runs short-connections.ts and reads its report.
import { join } from "node:path";
import { runToEnd } from "../process/child.ts";

export type ShortConnectionsReport = {
  readonly succeeded: number;
  /** How many ended with which words. */
  readonly errors: Readonly<Record<string, number>>;
  /** How many took about a second or longer, whatever came of them. */
  readonly slow: number;
  /** The longest time in which one of the loops had no success. */
  readonly longestGapMs: number;
};

type Options = {
  readonly port: number;
  readonly loops: number;
  readonly ms: number;
  readonly pauseMs: number;
};

export async function shortConnections(options: Options): Promise<ShortConnectionsReport> {
  const { port, loops, ms, pauseMs } = options;
  const numbers = [port, loops, ms, pauseMs].map(String);
  const script = join(import.meta.dir, "short-connections.ts");
  const command = [process.execPath, script, ...numbers];
  const { stdout } = await runToEnd(command, { timeoutMs: ms + 15_000 });
  const report: ShortConnectionsReport = JSON.parse(stdout);
  if (report.succeeded === 0) throw new Error(`no connection succeeded: ${stdout}`);
  return report;
}

export function errorCount({ errors }: ShortConnectionsReport): number {
  return Object.values(errors).reduce((sum, count) => sum + count, 0);
}

// Short connections in a few loops, a process of its own:
// `bun short-connections.ts PORT LOOPS MS PAUSE_MS`. Each sends 64 bytes, reads their echo and
// finishes. Prints a ShortConnectionsReport as JSON.
import { connect } from "../../support/wire.ts";
import { longestGap } from "../statistics.ts";
import type { ShortConnectionsReport } from "./short-connections-report.ts";

const MESSAGE = "x".repeat(64);
/** Longer than any balancer needs to give up on a backend. */
const TIMEOUT_MS = 15_000;
/** A client that was refused lets others have the CPU. */
const AFTER_ERROR_MS = 1;
/** Nothing on loopback takes this long, but a dial that hangs, or a lost SYN. */
const SLOW_MS = 900;

const [port = 0, loops = 0, ms = 0, pauseMs = 0] = process.argv.slice(2).map(Number);
const errors: Record<string, number> = {};
let slow = 0;
const startedAtMs = performance.now();
const endsAtMs = startedAtMs + ms;
const successes = Array.from({ length: loops }, (): number[] => []);

/** A loop that hangs at the end is left: its gap lasts until then. */
await Promise.race([Promise.all(successes.map(loop)), Bun.sleep(ms + 100)]);
const gaps = successes.map((times) => longestGap(times, startedAtMs, endsAtMs));
const report: ShortConnectionsReport = {
  succeeded: successes.reduce((sum, times) => sum + times.length, 0),
  errors,
  slow,
  longestGapMs: Math.max(...gaps),
};
console.log(JSON.stringify(report));
process.exit(0);

async function loop(times: number[]): Promise<void> {
  while (performance.now() < endsAtMs) {
    const beganAtMs = performance.now();
    const error = await once();
    if (performance.now() - beganAtMs > SLOW_MS) slow++;
    if (error === null) times.push(Math.min(performance.now(), endsAtMs));
    else errors[error] = (errors[error] ?? 0) + 1;
    const waitMs = error === null ? pauseMs : AFTER_ERROR_MS;
    if (waitMs > 0) await Bun.sleep(waitMs);
  }
}

/** What went wrong, or null. */
async function once(): Promise<string | null> {
  let timer: Timer | null = null;
  let isLate = false;
  try {
    using wire = await connect(port);
    timer = setTimeout(() => {
      isLate = true;
      wire.reset();
    }, TIMEOUT_MS);
    void wire.send(MESSAGE);
    await wire.read(MESSAGE.length);
    wire.finish();
    await wire.closed;
    return null;
  } catch (error) {
    if (isLate) return "no answer";
    return error instanceof Error ? error.message : String(error);
  } finally {
    if (timer !== null) clearTimeout(timer);
  }
}

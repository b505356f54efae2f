// The end of a process that has clients: no new ones, time for those that are there, then a reset
// for what is left.
import type { DataPlane } from "./data-plane.ts";
import type { Log } from "./log.ts";

export type DrainOptions = {
  readonly dataPlane: DataPlane;
  readonly log: Log;
  /** How long new clients are still accepted. */
  readonly delayMs: number;
  /** How long sessions may take to end by themselves; 0: they are ended at once. */
  readonly shutdownMs: number;
  /** Resolves when an operator will not wait. */
  readonly cutNow: Promise<void>;
};

const POLL_MS = 25;
const REPORT_MS = 5000;
/** How long the workers may take to end what they were told to. */
const CUT_MS = 1000;

/** Resolves when no session is left, or none can be helped. */
export async function drain(options: DrainOptions): Promise<void> {
  const { dataPlane, log, delayMs, shutdownMs, cutNow } = options;
  const startedAtMs = performance.now();
  if (delayMs > 0) {
    const message = `draining: not ready any more, and no new clients in ${delayMs} ms`;
    log.info("draining", message, { active: dataPlane.sessions });
    await Promise.race([Bun.sleep(delayMs), cutNow]);
  }
  dataPlane.drain();
  const active = dataPlane.sessions;
  log.info("draining", `draining: ${count(active)} left, ${shutdownMs} ms at most`, { active });
  const impatience = cutNow.then(() => "cut" as const);
  const idle = await Promise.race([
    waitForIdle(dataPlane, shutdownMs, (left) => {
      log.info("draining", `draining: ${count(left)} left`, { active: left });
    }),
    impatience,
  ]);
  const left = dataPlane.sessions;
  if (idle !== true && left > 0) {
    log.warn("cut", `ending ${count(left)} that ${left === 1 ? "is" : "are"} left`, {
      active: left,
    });
    dataPlane.cut();
    await waitForIdle(dataPlane, CUT_MS, () => {});
  }
  const tookMs = Math.round(performance.now() - startedAtMs);
  log.info("stopped", `stopped after ${tookMs} ms`, { took_ms: tookMs, cut: left });
}

async function waitForIdle(
  dataPlane: DataPlane,
  withinMs: number,
  report: (left: number) => void,
): Promise<boolean> {
  const startedAtMs = performance.now();
  let reportAtMs = startedAtMs + REPORT_MS;
  // A client that was accepted in the moment of the drain counts only a little later.
  await Bun.sleep(POLL_MS);
  while (dataPlane.sessions > 0) {
    const nowMs = performance.now();
    if (nowMs - startedAtMs >= withinMs) return false;
    if (nowMs >= reportAtMs) {
      report(dataPlane.sessions);
      reportAtMs += REPORT_MS;
    }
    await Bun.sleep(POLL_MS);
  }
  return true;
}

function count(sessions: number): string {
  return sessions === 1 ? "1 connection" : `${sessions} connections`;
}

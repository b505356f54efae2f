// 100,000 short connections with one of three backends killed and started again on the way.
// The only clients that may notice are those that the killed process had in its hands.
// By hand: bun test/soak/short-connections.ts [TOTAL]
import { join } from "node:path";
import { simpleConfig, spawnBal } from "../support/bal.ts";
import { freePort } from "../support/ports.ts";
import { type Failure, Load, summary } from "./load.ts";
import { claim, conclude, figure } from "./verdict.ts";

const TOTAL = Number(process.argv[2] ?? 100_000);
const KILLS = 5;

type Kill = { readonly sentAtMs: number; readonly goneAtMs: number };

async function startBackend(port: number, name: string) {
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dir, "backend.ts"), `${port}`, name],
    {
      stdout: "pipe",
    },
  );
  await child.stdout.getReader().read();
  return child;
}

const ports = [freePort(), freePort(), freePort()];
const backends = await Promise.all(ports.map((port, i) => startBackend(port, `backend-${i}`)));
const kills: Kill[] = [];
try {
  using bal = await spawnBal({
    config: simpleConfig(
      ports.map((port) => ({ port })),
      { health_check: { interval: "1s", fast_interval: "200ms", timeout: "500ms" } },
    ),
  });
  const startedAt = performance.now();
  const load = new Load({ port: bal.port, total: TOTAL, atOnce: 64 });
  for (let kill = 1; kill <= KILLS; kill++) {
    while (load.done < (TOTAL * kill) / (KILLS + 1)) await Bun.sleep(5);
    const sentAtMs = performance.now();
    backends[1]!.kill("SIGKILL");
    await backends[1]!.exited;
    kills.push({ sentAtMs, goneAtMs: performance.now() });
    await Bun.sleep(1000);
    backends[1] = await startBackend(ports[1]!, "backend-1");
  }
  await load.finished;
  const seconds = (performance.now() - startedAt) / 1000;

  // Under way in the moment of a kill: begun before the process was gone, ended after it was sent.
  const isInFlight = ({ startedAtMs, endedAtMs, what }: Failure) =>
    !what.startsWith("connect") &&
    kills.some(({ sentAtMs, goneAtMs }) => startedAtMs < goneAtMs && endedAtMs > sentAtMs);
  const inFlight = load.failures.filter(isInFlight);
  const others = load.failures.filter((failure) => !isInFlight(failure));
  figure("connections", `${load.done} in ${seconds.toFixed(1)} s`);
  figure("kills of one backend of three", kills.length);
  figure("failed with the killed backend, bytes in flight", summary(inFlight));
  claim("in flight at a kill, at most 64 each", inFlight.length, inFlight.length <= 64 * KILLS);
  claim("other clients that failed", summary(others), others.length === 0);
  const { pools } = await bal.status();
  for (const { name, state, total, dial_errors } of pools[0]!.backends) {
    figure(name, `${state}, ${total} connections, ${dial_errors} failed dials`);
  }
  await bal.untilIdle();
  claim("exit code of the drain", await bal.stop(), true);
} finally {
  for (const backend of backends) backend.kill("SIGKILL");
}
conclude();

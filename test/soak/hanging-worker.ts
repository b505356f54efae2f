// A worker thread that hangs: strace holds every one of its waits up for longer than the heartbeat
// allows. It must be replaced, and no client may be refused meanwhile. Needs strace and the right
// to trace. By hand: bun test/soak/hanging-worker.ts
import { readdirSync, readFileSync } from "node:fs";
import { simpleConfig, spawnBal } from "../support/bal.ts";
import { peer } from "../support/peer.ts";
import { until } from "../support/until.ts";
import { Load, summary } from "./load.ts";
import { claim, conclude, figure } from "./verdict.ts";

using backend = peer(async (wire) => {
  await wire.read(1);
  void wire.send("x".repeat(1024));
  wire.finish();
});
using bal = await spawnBal({ config: simpleConfig([backend], { workers: 2 }) });

/** Threads by name; Bun's workers carry their own. */
const threads = readdirSync(`/proc/${bal.pid}/task`).map((tid) => ({
  tid,
  name: readFileSync(`/proc/${bal.pid}/task/${tid}/comm`, "utf8").trim(),
}));
figure("threads", threads.map(({ tid, name }) => `${tid} ${name}`).join(", "));
const worker = threads.findLast(({ name }) => name === "Worker");
if (worker === undefined) {
  claim("a worker thread by name", "none", false);
  conclude();
}

const load = new Load({ port: bal.port, total: Number.POSITIVE_INFINITY, atOnce: 4 });
await Bun.sleep(1000);
const before = load.done;
const strace = Bun.spawn(
  [
    "strace",
    "-qq",
    "-p",
    worker.tid,
    "-e",
    "trace=epoll_wait,epoll_pwait,epoll_pwait2",
    "-e",
    "inject=epoll_wait,epoll_pwait,epoll_pwait2:delay_enter=15s",
  ],
  { stdio: ["ignore", "ignore", "ignore"] },
);
try {
  const startedAt = performance.now();
  await until(
    "a worker is replaced",
    () =>
      bal.logs().some(({ message }) => /worker/i.test(message) && /hung|replace/i.test(message)),
    60_000,
  );
  figure("replaced after", `${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
} finally {
  strace.kill("SIGKILL");
}
await Bun.sleep(2000);
await load.stop();
for (const { message } of bal.logs().filter(({ message }) => /worker/i.test(message))) {
  figure("log", message);
}
const refused = load.failures.filter(({ what }) => what.startsWith("connect"));
claim("connections", `${before} before, ${load.done} in all`, load.done > before);
claim("clients that were refused", summary(refused), refused.length === 0);
figure("clients whose session was inside the hung thread", summary(load.failures));
conclude();

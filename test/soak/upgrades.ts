// 100,000 short connections across ten upgrades of the binary, and a download that began before them.
// By hand: bun test/soak/upgrades.ts [UPGRADES] [CONNECTIONS]
import { spawnBal } from "../support/bal.ts";
import { peer } from "../support/peer.ts";
import { freePort } from "../support/ports.ts";
import { processesOf } from "../support/processes.ts";
import { until } from "../support/until.ts";
import { connect } from "../support/wire.ts";
import { Load, summary } from "./load.ts";
import { claim, conclude, figure } from "./verdict.ts";

const UPGRADES = Number(process.argv[2] ?? 10);
const CONNECTIONS = Number(process.argv[3] ?? 100_000);

using backend = peer(async (wire) => {
  await wire.read(1);
  void wire.send("x".repeat(1024));
  wire.finish();
});
/** Answers each byte with one. */
using echo = peer((wire) => {
  wire.sink = (chunk) => void wire.send(chunk);
  void wire.ended.then(() => wire.finish());
});
const port = freePort();
const longPort = freePort();
const listener = (name: string, on: number) => ({
  name,
  bind_address: "127.0.0.1",
  port: on,
  pool: name,
});
const config = (turn: number) => ({
  watch: false,
  workers: 1 + (turn % 3),
  listeners: [listener("short", port), listener("long", longPort)],
  pools: {
    short: { backends: [{ host: "127.0.0.1", port: backend.port }] },
    long: { backends: [{ host: "127.0.0.1", port: echo.port }] },
  },
});

using bal = await spawnBal({ config: config(1) });
const startedAt = performance.now();
using long = await connect(longPort);
const load = new Load({ port, total: CONNECTIONS, atOnce: 32 });
const pids = new Set([bal.pid]);
let failed = 0;
let slowestMs = 0;
for (let turn = 1; turn <= UPGRADES; turn++) {
  // Spread over the load, each under it, each with another number of workers.
  const due = (CONNECTIONS * (turn - 0.5)) / UPGRADES;
  await until("it is the next one's turn", () => load.done >= due, 600_000);
  bal.write(config(turn));
  const askedAt = performance.now();
  const { code, stdout, stderr } = await bal.run("upgrade", "--json");
  slowestMs = Math.max(slowestMs, performance.now() - askedAt);
  if (code === 0) pids.add(JSON.parse(stdout).pid);
  else {
    failed++;
    console.log(stdout, stderr);
  }
  await long.send("?");
  await long.read(turn);
}
await load.finished;
const seconds = (performance.now() - startedAt) / 1000;

figure("upgrades", `${UPGRADES}, the slowest in ${slowestMs.toFixed(0)} ms`);
claim("of which failed", failed, failed === 0);
claim("processes that have served", pids.size, pids.size === UPGRADES + 1);
figure("short connections", `${load.done} in ${seconds.toFixed(1)} s`);
claim("of which failed", summary(load.failures), load.failures.length === 0);
// The newest, and the first for the sake of its session.
await until("the others have ended", () => processesOf(bal.home).length === 2);
long.finish();
claim("the session across them all", await long.ended, (await long.ended) === "eof");
claim("exit code of the first", await bal.exited, (await bal.exited) === 0);
const { code } = await bal.run("stop");
claim("exit code of stop", code, code === 0);
claim("processes left", processesOf(bal.home).length, processesOf(bal.home).length === 0);
conclude();

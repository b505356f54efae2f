// A chain of upgrades where each process keeps two sessions, one copied and one spliced: the memory that
// the old processes hold, and that every session goes on and ends properly.
// By hand: bun test/soak/upgrade-chain.ts [UPGRADES] [WORKERS] [SETTLE_SECONDS]
import { readdirSync, readFileSync } from "node:fs";
import { spawnBal } from "../support/bal.ts";
import { peer } from "../support/peer.ts";
import { freePort } from "../support/ports.ts";
import { processesOf } from "../support/processes.ts";
import { until } from "../support/until.ts";
import { connect, type Wire } from "../support/wire.ts";
import { claim, conclude, figure } from "./verdict.ts";

const UPGRADES = Number(process.argv[2] ?? 10);
const WORKERS = Number(process.argv[3] ?? 2);
const SETTLE_MS = Number(process.argv[4] ?? 5) * 1000;
/** The most private memory that a replaced process may hold: anonymous pages, not the binary's. */
const MOST_KIB = 25 * 1024;
/** More than a session is copied for. */
const BULK_BYTES = 4 * 1024 * 1024;
const VISITS = 3000;
const VISITORS = 300;

/** Answers each byte with one. */
using echo = peer((wire) => {
  wire.sink = (chunk) => void wire.send(chunk);
  void wire.ended.then(() => wire.finish());
});
const port = freePort();
const config = {
  watch: false,
  workers: WORKERS,
  listeners: [{ name: "edge", bind_address: "127.0.0.1", port, pool: "echo" }],
  pools: { echo: { backends: [{ host: "127.0.0.1", port: echo.port }] } },
};

type Kept = { readonly wire: Wire; readonly name: string };
const sessions: Kept[] = [];

async function open(name: string, bytes: number): Promise<void> {
  const wire = await connect(port);
  wire.sink = () => {};
  await wire.send(Buffer.alloc(bytes, "x"));
  await wire.read(bytes);
  sessions.push({ wire, name });
}

/** Clients of each process that come and go: what they leave in its heap is what a real one has. */
async function visit(): Promise<void> {
  const bytes = 16 * 1024;
  const client = async () => {
    for (let turn = 0; turn < VISITS / VISITORS; turn++) {
      using wire = await connect(port);
      await wire.send(Buffer.alloc(bytes, "x"));
      await wire.read(bytes);
      wire.finish();
      await wire.ended;
    }
  };
  await Promise.all(Array.from({ length: VISITORS }, client));
}

/** One byte there and back on each of them. Returns those that fail. */
async function failing(): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const { wire, name } of sessions) {
    const expected = wire.bytesReceived + 1;
    await wire.send("?");
    await wire.read(expected).catch(() => failed.push(name));
  }
  return failed;
}

type Memory = { readonly anonymous: number; readonly pss: number; readonly rss: number };

function memoryOf(pid: number): Memory {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(rollup)?.[1]);
  return { anonymous: kib("Anonymous"), pss: kib("Pss"), rss: kib("Rss") };
}

function print(pids: readonly number[]): void {
  console.log("     pid  threads  anonymous KiB   PSS KiB   RSS KiB");
  for (const pid of pids) {
    const { anonymous, pss, rss } = memoryOf(pid);
    const threads = readdirSync(`/proc/${pid}/task`).length;
    const cells = [String(pid).padStart(8), String(threads).padStart(8)];
    const sizes = [anonymous, pss, rss].map((size) => String(size).padStart(10));
    console.log([...cells, ...sizes].join(" "));
  }
}

using bal = await spawnBal({ config });
for (let turn = 0; turn <= UPGRADES; turn++) {
  await open(`copied ${turn}`, 1);
  await open(`spliced ${turn}`, BULK_BYTES);
  await visit();
  if (turn < UPGRADES) await bal.upgrade();
}
await Bun.sleep(SETTLE_MS);
const serving = (await bal.status()).pid;
const pids = processesOf(bal.home);
print(pids);
claim("processes", pids.length, pids.length === UPGRADES + 1);
const old = pids.filter((pid) => pid !== serving);
const worst = Math.max(...old.map((pid) => memoryOf(pid).anonymous));
claim("anonymous KiB of the largest old one", worst, worst <= MOST_KIB);
const sum = old.reduce((all, pid) => all + memoryOf(pid).pss, 0);
figure("PSS of all old ones", `${(sum / 1024).toFixed(0)} MiB`);
const failed = await failing();
claim("sessions that fail", failed.join(", ") || "none", failed.length === 0);
for (const { wire } of sessions) wire.finish();
const ends = await Promise.all(sessions.map(({ wire }) => wire.ended));
claim(
  "sessions that end with a FIN",
  ends.length,
  ends.every((end) => end === "eof"),
);
await until("the old ones have ended", () => processesOf(bal.home).length === 1);
const { code } = await bal.run("stop");
claim("exit code of stop", code, code === 0);
claim("processes left", processesOf(bal.home).length, processesOf(bal.home).length === 0);
conclude();

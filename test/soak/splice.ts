// Sessions that stall, finish and reset while they are handed to splicers, under reloads, for as long
// as one likes. By hand: bun test/soak/splice.ts [MINUTES] [AT_ONCE]
import { simpleConfig, spawnBal } from "../support/bal.ts";
import { playSession, type SeenByBackend, scriptedPeer } from "../support/scripted-session.ts";
import { claim, conclude, figure } from "./verdict.ts";

const MINUTES = Number(process.argv[2] ?? 60);
const AT_ONCE = Number(process.argv[3] ?? 4);
const RELOAD_MS = 3000;

const chance = { seed: Date.now() & 0x7fff_ffff, maxBytes: 20_000_000 };
const seen: SeenByBackend = new Map();
using backend = scriptedPeer(chance, seen);
const first = simpleConfig([backend], { workers: 2, watch: false });
/** Now and then all is copied, and sessions that are spliced live on. */
const config = (turn: number) => ({
  ...first,
  zero_copy: turn % 8 === 7 ? false : "auto",
  timeouts: { idle: `${600 + turn}s` },
});
using bal = await spawnBal({ config: config(0), env: { BAL_SPLICE_AFTER: "20000" } });

const endAtMs = performance.now() + MINUTES * 60_000;
const failures: string[] = [];
let sessions = 0;
let reloads = 0;
let warmRss = 0;

const lane = async () => {
  while (performance.now() < endAtMs) {
    await playSession(bal.port, { id: sessions++, chance, seen }).catch((error) => {
      failures.push(error.message);
      console.log(error.message);
    });
  }
};
const reloading = async () => {
  while (performance.now() < endAtMs) {
    await Bun.sleep(RELOAD_MS);
    await bal.reload(config(++reloads)).catch((error) => failures.push(`reload: ${error}`));
    if (reloads % 20 !== 0) continue;
    const rss = bal.rssKiB();
    if (reloads === 20) warmRss = rss;
    figure(`${(reloads * RELOAD_MS) / 60_000} min`, `${sessions} sessions, RSS ${rss} KiB`);
  }
};
const base = bal.openStreams();
await Promise.all([...Array.from({ length: AT_ONCE }, lane), reloading()]);
await bal.untilIdle();

figure("seed", chance.seed);
figure("sessions", sessions);
claim("sessions and reloads that failed", failures.length, failures.length === 0);
figure("reloads", reloads);
const streams = bal.openStreams();
claim("sockets and pipes over the base", streams - base, streams <= base + 1);
figure("RSS after a minute, at the end", `${warmRss} KiB, ${bal.rssKiB()} KiB`);
const faults = bal.logs().filter(({ event }) => event === "fault" || event === "splicer-lost");
claim("faults in the log", faults.length, faults.length === 0);
const warnings = bal.logs().filter(({ level }) => level === "warn" || level === "error");
figure("warnings", [...new Set(warnings.map(({ event }) => event))].join(" ") || "none");
conclude();

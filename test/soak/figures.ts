// What people feel first: `bal check`, the time from start to the first client, size and memory.
// By hand: bun test/soak/figures.ts
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Bal, balBinary, runBal, simpleConfig, temporaryHome } from "../support/bal.ts";
import { namedPeer } from "../support/peer.ts";
import { connect } from "../support/wire.ts";
import { claim, conclude, figure } from "./verdict.ts";

const ROUNDS = 20;

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const range = (values: number[]) =>
  `median ${median(values).toFixed(0)} ms, ${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)}`;

using backend = namedPeer("a");
using folder = temporaryHome();
const file = join(folder.path, "config.yaml");
writeFileSync(
  file,
  "port: 9295\nmethod: round_robin\nbackends:\n  - host: 10.0.0.1\n    port: 443\n  - host: 10.0.0.2\n    port: 443\n",
);

const checks: number[] = [];
for (let i = 0; i < ROUNDS; i++) {
  const startedAt = performance.now();
  const { code } = await runBal(["check", "-c", file]);
  checks.push(performance.now() - startedAt);
  if (code !== 0) claim("bal check", code, false);
}
claim("bal check", range(checks), median(checks) < 100);

const starts: number[] = [];
let rss = 0;
for (let i = 0; i < ROUNDS; i++) {
  const config = simpleConfig([backend]);
  const startedAt = performance.now();
  using bal = new Bal({ config });
  for (;;) {
    const client = await connect(config.port).catch(() => null);
    if (client === null) continue;
    starts.push(performance.now() - startedAt);
    client.reset();
    break;
  }
  await bal.ready();
  rss = bal.rssKiB();
}
claim("bal start to the first accepted connection", range(starts), median(starts) < 500);
figure("RSS at start", `${rss} KiB`);
figure("size of the binary", `${(statSync(balBinary()).size / 1e6).toFixed(1)} MB`);
conclude();

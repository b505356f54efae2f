// `bun test/clusters/run.ts [redis] [patroni] [galera] [rabbitmq] [kill] [pause] [switch] [rounds]`: bal and HAProxy in front of one real cluster, at the
// same time; its leader is killed, paused, and switched on purpose.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { balBinary } from "../support/bal.ts";
import { freePort } from "../support/ports.ts";
import { type Cluster, untilTrue } from "./cluster.ts";
import { galeraCluster } from "./galera.ts";
import { measure, type Noticed } from "./measure.ts";
import { patroniCluster } from "./patroni.ts";
import { rabbitCluster } from "./rabbitmq.ts";
import { redisCluster } from "./redis.ts";

const CLUSTERS = {
  ...{ redis: redisCluster, patroni: patroniCluster },
  ...{ galera: galeraCluster, rabbitmq: rabbitCluster },
};
/** From when the cluster is whole again to the end. */
const SETTLE_MS = 10_000;
/** For so long another one leads before the node is back. */
const AWAY_MS = 5000;

type Event = {
  readonly word: string;
  readonly name: string;
  readonly run: (cluster: Cluster) => Promise<void>;
};

const events: readonly Event[] = [
  {
    word: "kill",
    name: "leader killed",
    async run(cluster) {
      const node = await leaderOf(cluster);
      cluster.kill(node);
      await anotherLeads(cluster, node);
      await Bun.sleep(AWAY_MS);
      cluster.revive(node);
      await settled(cluster);
    },
  },
  {
    word: "pause",
    name: "leader paused",
    async run(cluster) {
      const node = await leaderOf(cluster);
      cluster.pause(node);
      await Promise.all([anotherLeads(cluster, node), Bun.sleep(cluster.pausedMs)]);
      cluster.resume(node);
      await settled(cluster);
    },
  },
  {
    word: "switch",
    name: "planned switch",
    async run(cluster) {
      const node = await leaderOf(cluster);
      await cluster.switchFrom(node);
      await anotherLeads(cluster, node);
      await Bun.sleep(AWAY_MS);
      await cluster.takeBack?.(node);
      await settled(cluster);
    },
  },
];

async function leaderOf(cluster: Cluster): Promise<number> {
  let leader = 0;
  const isWhole = async () => {
    leader = (await cluster.leader()) ?? 0;
    return leader > 0 && (await cluster.isWhole(leader).catch(() => false));
  };
  await untilTrue("one leads, and all others follow it", isWhole, 120_000);
  return leader;
}

async function settled(cluster: Cluster): Promise<void> {
  await leaderOf(cluster);
  await Bun.sleep(SETTLE_MS);
}

async function anotherLeads(cluster: Cluster, node: number): Promise<void> {
  await untilTrue("another one leads", async () => ![null, node].includes(await cluster.leader()));
}

const BALANCERS = {
  bal: (cluster: Cluster, port: number, folder: string) => {
    const file = join(folder, "bal.yaml");
    writeFileSync(file, JSON.stringify(cluster.balConfig(port)));
    return Bun.spawn([balBinary(), "start", "-c", file], {
      env: { ...process.env, BAL_HOME: join(folder, "home") },
      ...{ stdout: "ignore", stderr: "ignore" },
    });
  },
  HAProxy: (cluster: Cluster, port: number, folder: string) => {
    const file = join(folder, "haproxy.cfg");
    const common =
      "defaults\n  mode tcp\n  timeout connect 2s\n  timeout client 1h\n  timeout server 1h\n";
    writeFileSync(file, `${common}${cluster.haproxyConfig(port)}\n`);
    return Bun.spawn(["haproxy", "-db", "-f", file], { stdout: "ignore", stderr: "ignore" });
  },
} as const;

async function compare(cluster: Cluster, rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bal-clusters-"));
  const running: { name: string; port: number; process: Bun.Subprocess }[] = [];
  const rows: string[] = [];
  try {
    await cluster.start();
    for (const [name, start] of Object.entries(BALANCERS)) {
      const port = freePort();
      running.push({ name, port, process: start(cluster, port, folder) });
    }
    for (const { port } of running) {
      await untilTrue("clients are served", async () => {
        const writer = await cluster.connect(port).catch(() => null);
        const written = await writer?.write(0);
        writer?.close();
        return written === "acknowledged";
      });
    }
    for (const { name, run } of wantedEvents()) {
      for (let round = 1; round <= rounds; round++) {
        const done = Promise.withResolvers<void>();
        const measures = running.map(({ port }) => measure(cluster, port, () => done.promise));
        await Bun.sleep(2000);
        await run(cluster).finally(done.resolve);
        for (const [nth, noticed] of (await Promise.all(measures)).entries()) {
          if (running[nth]?.name === "bal" && noticed.leftBehind > 0) process.exitCode = 1;
          rows.push(row([name, running[nth]?.name ?? "", String(round)], noticed));
          console.error(rows.at(-1));
        }
      }
    }
  } finally {
    for (const one of running) one.process.kill();
    await Promise.all(running.map((one) => one.process.exited));
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`\n${cluster.name}\n`);
  console.log(
    "| event | balancer | round | s without a write | writes to a replica | failed new clients | kept with the wrong node | writes | of them lost |",
  );
  console.log(`|${"---|".repeat(9)}`);
  for (const one of rows) console.log(one);
}

function row(what: readonly string[], noticed: Noticed): string {
  const { gapMs, onReplica, failedNew, leftBehind, acknowledged, lost } = noticed;
  const cells = [
    ...what,
    (gapMs / 1000).toFixed(1),
    onReplica,
    failedNew,
    leftBehind,
    acknowledged,
    lost,
  ];
  return `| ${cells.join(" | ")} |`;
}

function wantedEvents(): readonly Event[] {
  const wanted = events.filter(({ word }) => words.includes(word));
  return wanted.length > 0 ? wanted : events;
}

const words = process.argv.slice(2);
const rounds = Number(words.find((word) => /^\d+$/.test(word)) ?? 1);
for (const [name, start] of Object.entries(CLUSTERS)) {
  const isWanted = words.includes(name) || !words.some((word) => word in CLUSTERS);
  if (isWanted) await compare(start(), rounds);
}

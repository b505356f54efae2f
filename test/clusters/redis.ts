// Redis with Sentinel: a master and two replicas, three sentinels.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../support/ports.ts";
import { type Cluster, untilTrue, type Writer } from "./cluster.ts";
import { recipe } from "./recipe.ts";
import { Connection } from "./wire.ts";

const NODES = [1, 2, 3];
const host = (node: number) => `127.0.6.${node}`;

export function redisCluster(): Cluster {
  const folder = mkdtempSync(join(tmpdir(), "bal-redis-"));
  const [port, sentinelPort] = [freePort(), freePort()];
  const servers = new Map<number, Bun.Subprocess>();
  const sentinels: Bun.Subprocess[] = [];
  const spawn = (name: string, lines: readonly string[], args: readonly string[] = []) => {
    const file = join(folder, `${name}.conf`);
    writeFileSync(file, `${lines.join("\n")}\n`);
    return Bun.spawn(["redis-server", file, ...args], { stdout: "ignore", stderr: "ignore" });
  };
  const start = (node: number, master: number | null) => {
    const of = master === null || master === node ? [] : [`replicaof ${host(master)} ${port}`];
    const lines = [
      ...[
        `port ${port}`,
        `bind ${host(node)}`,
        `dir ${folder}`,
        "save ''",
        `dbfilename ${node}.rdb`,
      ],
      ...[`replica-announce-ip ${host(node)}`, "protected-mode no", "repl-diskless-sync-delay 0"],
      ...["min-replicas-to-write 1", "min-replicas-max-lag 2", ...of],
    ];
    servers.set(node, spawn(`redis${node}`, lines));
  };
  const ask = async (node: number, at: number, ...words: readonly string[]) => {
    const args = ["redis-cli", "-h", host(node), "-p", String(at), ...words];
    const cli = Bun.spawn(args, { stdout: "pipe", stderr: "ignore", timeout: 2000 });
    return (await cli.stdout.text()).trim();
  };
  const startAll = async () => {
    for (const node of NODES) start(node, 1);
    await untilTrue("the replicas follow", async () =>
      (await ask(1, port, "info", "replication")).includes("connected_slaves:2"),
    );
    for (const node of NODES) {
      const watched = `sentinel monitor main ${host(1)} ${port} 2`;
      const lines = [
        ...[
          `port ${sentinelPort}`,
          `bind ${host(node)}`,
          `dir ${folder}`,
          "protected-mode no",
          watched,
        ],
        ...["sentinel down-after-milliseconds main 2000", "sentinel failover-timeout main 10000"],
        ...[`sentinel announce-ip ${host(node)}`],
      ];
      sentinels.push(spawn(`sentinel${node}`, lines, ["--sentinel"]));
    }
    await untilTrue("the sentinels know each other", async () =>
      (await ask(1, sentinelPort, "sentinel", "master", "main")).includes("num-other-sentinels\n2"),
    );
  };
  const leader = async () => {
    const [address = ""] = (
      await ask(2, sentinelPort, "sentinel", "get-master-addr-by-name", "main")
    ).split("\n");
    const node = NODES.find((one) => host(one) === address);
    if (node === undefined) return null;
    return (await ask(node, port, "role")).startsWith("master") ? node : null;
  };
  return {
    name: "Redis with Sentinel",
    pausedMs: 15_000,
    start: startAll,
    balConfig: (at) => recipe("redis", { listener: at, ports: { 6379: port }, host }),
    haproxyConfig: (at) => haproxy(at, port),
    leader,
    isWhole: async (node) =>
      (await ask(node, port, "info", "replication")).includes("connected_slaves:2"),
    kill: (node) => servers.get(node)?.kill("SIGKILL"),
    revive: (node) => start(node, null),
    pause: (node) => servers.get(node)?.kill("SIGSTOP"),
    resume: (node) => servers.get(node)?.kill("SIGCONT"),
    switchFrom: async () => void (await ask(1, sentinelPort, "sentinel", "failover", "main")),
    connect: async (at) => redisWriter(await Connection.open(at)),
    async missing(node, ids) {
      const connection = await Connection.open(port, host(node));
      const keys = ids.map((id) => `key${id}`);
      const parts = ["EXISTS", ...keys].map((word) => `$${word.length}\r\n${word}\r\n`);
      const found = await connection.ask(`*${parts.length}\r\n${parts.join("")}`, line);
      connection.close();
      return ids.length - Number(found?.slice(1));
    },
    async stop() {
      for (const one of [...servers.values(), ...sentinels]) one.kill("SIGKILL");
      await Promise.all([...servers.values(), ...sentinels].map(({ exited }) => exited));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function line(bytes: Buffer): string | null {
  const end = bytes.indexOf("\r\n");
  return end < 0 ? null : bytes.toString("latin1", 0, end);
}

function redisWriter(connection: Connection): Writer {
  return {
    get isOpen() {
      return connection.isOpen;
    },
    async write(id) {
      const answer = await connection.ask(`SET key${id} 1\r\n`, line);
      if (answer === "+OK") return "acknowledged";
      return answer?.startsWith("-READONLY") ? "refused-by-replica" : "failed";
    },
    async isOnLeader() {
      const answer = await connection.ask("ROLE\r\n", (bytes) =>
        bytes.length > 14 ? bytes.toString("latin1") : null,
      );
      return answer?.includes("master") === true;
    },
    close: () => connection.close(),
  };
}

// As HAProxy's own guide has it, with the times of the recipe.
function haproxy(at: number, port: number): string {
  const servers = NODES.map((node) => `  server redis${node} ${host(node)}:${port} check`);
  return [
    "listen redis",
    `  bind 127.0.0.1:${at}`,
    "  option tcp-check",
    "  tcp-check connect",
    String.raw`  tcp-check send PING\r\n`,
    "  tcp-check expect string +PONG",
    String.raw`  tcp-check send info\ replication\r\n`,
    "  tcp-check expect string role:master",
    String.raw`  tcp-check send QUIT\r\n`,
    "  tcp-check expect string +OK",
    "  timeout check 1s",
    "  default-server inter 250ms fastinter 50ms downinter 250ms rise 1 fall 2 on-marked-down shutdown-sessions",
    ...servers,
  ].join("\n");
}

// MariaDB with Galera: three nodes, all of which take writes; the first that is synced is called the leader. In
// front of each an HTTP server answers as clustercheck does.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../support/ports.ts";
import { type Cluster, untilTrue, type Writer } from "./cluster.ts";
import { type MysqlClient, mysqlClient } from "./mysql.ts";
import { recipe } from "./recipe.ts";
import { signalAll, spawnAs } from "./servers.ts";

const NODES = [1, 2, 3];
const host = (node: number) => `127.0.8.${node}`;
/** ER_UNKNOWN_COM_ERROR: so a node answers that is not part of the cluster. */
const NOT_READY = 1047;

export function galeraCluster(): Cluster {
  const folder = mkdtempSync(join(tmpdir(), "bal-galera-"));
  const ports = {
    ...{ sql: freePort(), check: freePort() },
    ...{ group: freePort(), state: freePort(), increment: freePort() },
  };
  const spawn = spawnAs("mysql", folder);
  const servers = new Map<number, Bun.Subprocess>();
  const start = (node: number, ...more: readonly string[]) => {
    const file = join(folder, `node${node}.cnf`);
    servers.set(node, spawn(`node${node}`, ["mariadbd", `--defaults-file=${file}`, ...more]));
  };
  const ask = async (node: number, sql: string) => {
    const client = await mysqlClient(ports.sql, host(node)).catch(() => null);
    const answer = (await client?.query(sql)) ?? null;
    client?.close();
    return answer?.kind === "rows" ? answer.values : [];
  };
  const status = async (node: number, name: string) =>
    (await ask(node, `SHOW STATUS LIKE '${name}'`))[1];
  const isSynced = async (node: number) => (await status(node, "wsrep_local_state")) === "4";
  const leader = async () => {
    const synced = await Promise.all(NODES.map(isSynced));
    return NODES.find((_, index) => synced[index]) ?? null;
  };
  const checks: Bun.Server<undefined>[] = [];
  const startAll = async () => {
    for (const node of NODES) {
      writeFileSync(join(folder, `node${node}.cnf`), config(node, folder, ports));
      const data = join(folder, `data${node}`);
      const words = ["--no-defaults", `--datadir=${data}`, "--skip-test-db"];
      await spawn(`install${node}`, ["mariadb-install-db", ...words]).exited;
      checks.push(clustercheck(node, ports.check, isSynced));
    }
    start(1, "--wsrep-new-cluster");
    await untilTrue("the first node is synced", () => isSynced(1));
    await ask(1, "CREATE DATABASE test");
    await ask(1, "CREATE TABLE test.w (n int PRIMARY KEY) ENGINE=InnoDB");
    for (const node of [2, 3]) {
      start(node);
      await untilTrue(`node ${node} is synced`, () => isSynced(node));
    }
  };
  return {
    name: "MariaDB with Galera",
    // Longer than evs.suspect_timeout and evs.inactive_timeout.
    pausedMs: 25_000,
    start: startAll,
    balConfig: (at) =>
      recipe("galera", { listener: at, ports: { 3306: ports.sql, 9200: ports.check }, host }),
    haproxyConfig: (at) => haproxy(at, ports.sql, ports.check),
    leader,
    async isWhole(node) {
      const synced = await Promise.all(NODES.map(isSynced));
      return node === 1 && synced.every(Boolean);
    },
    kill: (node) => signalAll([servers.get(node)?.pid ?? 0], "SIGKILL"),
    revive: (node) => start(node),
    pause: (node) => signalAll([servers.get(node)?.pid ?? 0], "SIGSTOP"),
    resume: (node) => signalAll([servers.get(node)?.pid ?? 0], "SIGCONT"),
    switchFrom: async (node) => void (await ask(node, "SET GLOBAL wsrep_desync = ON")),
    takeBack: async (node) => void (await ask(node, "SET GLOBAL wsrep_desync = OFF")),
    connect: async (at) => galeraWriter(await mysqlClient(at), leader),
    async missing(node, ids) {
      const found = await ask(node, `SELECT COUNT(*) FROM test.w WHERE n IN (${ids.join(",")})`);
      return ids.length - Number(found[0]);
    },
    async stop() {
      for (const one of checks) void one.stop(true);
      signalAll(
        [...servers.values()].map(({ pid }) => pid),
        "SIGKILL",
      );
      await Promise.all([...servers.values()].map(({ exited }) => exited));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Ports = Readonly<Record<"sql" | "check" | "group" | "state" | "increment", number>>;

function config(node: number, folder: string, ports: Ports): string {
  const members = NODES.map((one) => `${host(one)}:${ports.group}`).join(",");
  const provider = [
    `gmcast.listen_addr=tcp://${host(node)}:${ports.group}`,
    `ist.recv_addr=${host(node)}:${ports.increment}`,
    "gcache.size=32M",
  ];
  return [
    "[mariadbd]",
    `datadir=${folder}/data${node}`,
    `socket=${folder}/node${node}.sock`,
    `pid-file=${folder}/node${node}.pid`,
    `bind-address=${host(node)}`,
    `port=${ports.sql}`,
    "skip-grant-tables",
    "skip-name-resolve",
    "binlog_format=ROW",
    "innodb_autoinc_lock_mode=2",
    "innodb_buffer_pool_size=32M",
    "innodb_flush_log_at_trx_commit=0",
    "wsrep_on=ON",
    "wsrep_provider=/usr/lib/galera/libgalera_smm.so",
    "wsrep_cluster_name=main",
    `wsrep_cluster_address=gcomm://${members}`,
    `wsrep_node_name=node${node}`,
    `wsrep_node_address=${host(node)}:${ports.group}`,
    "wsrep_sst_method=rsync",
    "wsrep_sst_donor=node3,",
    `wsrep_sst_receive_address=${host(node)}:${ports.state}`,
    `wsrep_provider_options="${provider.join(";")}"`,
  ].join("\n");
}

/** Percona's clustercheck: 200 where the node is synced. */
function clustercheck(
  node: number,
  port: number,
  isSynced: (node: number) => Promise<boolean>,
): Bun.Server<undefined> {
  return Bun.serve({
    ...{ hostname: host(node), port },
    fetch: async () => new Response("", { status: (await isSynced(node)) ? 200 : 503 }),
  });
}

function galeraWriter(client: MysqlClient, leader: () => Promise<number | null>): Writer {
  return {
    get isOpen() {
      return client.isOpen;
    },
    async write(id) {
      const answer = await client.query(`REPLACE INTO test.w VALUES (${id})`);
      if (answer?.kind === "rows") return "acknowledged";
      return answer?.code === NOT_READY ? "refused-by-replica" : "failed";
    },
    async isOnLeader() {
      const answer = await client.query("SELECT @@wsrep_node_name");
      return answer?.kind === "rows" && answer.values[0] === `node${await leader()}`;
    },
    close: () => client.close(),
  };
}

// As Galera's own documentation and clustercheck's have it, with the times of the recipe.
function haproxy(at: number, port: number, checkPort: number): string {
  const servers = NODES.map((node) => {
    const backup = node === 1 ? " on-marked-up shutdown-backup-sessions" : " backup";
    return `  server node${node} ${host(node)}:${port} check port ${checkPort}${backup}`;
  });
  return [
    "listen galera",
    `  bind 127.0.0.1:${at}`,
    "  option httpchk",
    "  timeout check 2s",
    "  default-server inter 1s fastinter 250ms downinter 1s rise 10 fall 3 on-marked-down shutdown-sessions",
    ...servers,
  ].join("\n");
}

// PostgreSQL with Patroni and etcd: a leader and two replicas. PostgreSQL refuses to run as root, so that as
// root everything runs as the user `postgres`.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../support/ports.ts";
import { type Cluster, untilTrue, type Writer } from "./cluster.ts";
import { recipe } from "./recipe.ts";
import { signalAll, spawnAs } from "./servers.ts";
import { Connection } from "./wire.ts";

/** Where Debian and Ubuntu have the newest PostgreSQL that is installed. */
const BINARIES = `/usr/lib/postgresql/${newest("/usr/lib/postgresql")}/bin`;
const NODES = [1, 2, 3];
const host = (node: number) => `127.0.5.${node}`;

export function patroniCluster(): Cluster {
  const folder = mkdtempSync(join(tmpdir(), "bal-patroni-"));
  const [port, apiPort, etcdPort, peerPort] = [freePort(), freePort(), freePort(), freePort()];
  const spawn = spawnAs("postgres", folder);
  const url = `http://127.0.0.1:${etcdPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const etcd = spawn("etcd", [
    ...["etcd", "--data-dir", join(folder, "etcd"), "--listen-client-urls", url],
    ...["--advertise-client-urls", url, "--listen-peer-urls", peerUrl],
    ...["--initial-advertise-peer-urls", peerUrl, "--initial-cluster", `default=${peerUrl}`],
  ]);
  const patronis = new Map<number, Bun.Subprocess>();
  const start = (node: number) => {
    const file = join(folder, `patroni${node}.yml`);
    const ports = { port, apiPort, etcdPort };
    writeFileSync(file, JSON.stringify(patroniConfig(node, folder, ports)));
    const path = `${process.env.PATH}:${BINARIES}`;
    patronis.set(node, spawn(`patroni${node}`, ["patroni", file], { PATH: path }));
  };
  const roleOf = async (node: number, path: string) => {
    const signal = AbortSignal.timeout(1000);
    const answer = await fetch(`http://${host(node)}:${apiPort}${path}`, { signal }).catch(
      () => null,
    );
    return answer?.status === 200;
  };
  const leader = async () => {
    const asked = await Promise.all(NODES.map((node) => roleOf(node, "/primary")));
    const leading = NODES.filter((_, index) => asked[index]);
    return leading.length === 1 ? (leading[0] ?? null) : null;
  };
  const isWhole = async (node: number) => {
    const writer = await postgresWriter(await Connection.open(port, host(node)));
    const streaming = "SELECT 'n=' || count(*) FROM pg_stat_replication WHERE state = 'streaming'";
    const answer = await writer.query(streaming);
    writer.close();
    return answer?.some(({ text }) => text.includes("n=2")) === true;
  };
  const startAll = async () => {
    start(1);
    await untilTrue("the first node leads", async () => (await leader()) === 1);
    start(2);
    start(3);
    await untilTrue("both others follow", async () =>
      (await Promise.all([2, 3].map((node) => roleOf(node, "/replica")))).every(Boolean),
    );
    const first = await postgresWriter(await Connection.open(port, host(1)));
    await first.query("CREATE TABLE w (n int)");
    await untilTrue("both replicas stream", () => isWhole(1));
    first.close();
  };
  const signal = (node: number, name: NodeJS.Signals) => {
    const patroni = patronis.get(node)?.pid ?? 0;
    signalAll([patroni, postmasterOf(join(folder, `data${node}`))], name);
  };
  return {
    name: "PostgreSQL with Patroni",
    // Longer than the ttl of the leader's lock.
    pausedMs: 30_000,
    start: startAll,
    balConfig: (at) =>
      recipe("patroni", { listener: at, ports: { 5432: port, 8008: apiPort }, host }),
    haproxyConfig: (at) => haproxy(at, port, apiPort),
    leader,
    isWhole,
    kill: (node) => signal(node, "SIGKILL"),
    revive: (node) => start(node),
    pause: (node) => signal(node, "SIGSTOP"),
    resume: (node) => signal(node, "SIGCONT"),
    async switchFrom(node) {
      const body = JSON.stringify({ leader: `node${node}` });
      await fetch(`http://${host(node)}:${apiPort}/switchover`, { method: "POST", body });
    },
    connect: async (at) => await postgresWriter(await Connection.open(at)),
    async missing(node, ids) {
      const writer = await postgresWriter(await Connection.open(port, host(node)));
      const list = `'{${ids.join(",")}}'::int[]`;
      const answer = await writer.query(
        `SELECT 'found=' || count(*) FROM w WHERE n = ANY(${list})`,
      );
      writer.close();
      const found = answer?.map(({ text }) => /found=(\d+)/.exec(text)?.[1]).find(Boolean);
      return ids.length - Number(found);
    },
    async stop() {
      for (const node of NODES) signal(node, "SIGKILL");
      etcd.kill("SIGKILL");
      await Promise.all([...patronis.values(), etcd].map(({ exited }) => exited));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function newest(folder: string): string {
  const versions = existsSync(folder) ? readdirSync(folder) : [];
  return versions.sort((a, b) => Number(b) - Number(a))[0] ?? "";
}

type Ports = { readonly port: number; readonly apiPort: number; readonly etcdPort: number };

function patroniConfig(node: number, folder: string, { port, apiPort, etcdPort }: Ports): object {
  const authentication = {
    superuser: { username: "postgres", password: "x" },
    replication: { username: "replicator", password: "x" },
  };
  return {
    scope: "main",
    name: `node${node}`,
    restapi: { listen: `${host(node)}:${apiPort}` },
    etcd3: { host: `127.0.0.1:${etcdPort}` },
    bootstrap: {
      dcs: {
        ...{ ttl: 20, loop_wait: 5, retry_timeout: 5, maximum_lag_on_failover: 1048576 },
        postgresql: { use_pg_rewind: true, parameters: { wal_log_hints: "on" } },
      },
      initdb: [{ encoding: "UTF8" }],
      pg_hba: ["host all all 127.0.0.0/8 trust", "host replication all 127.0.0.0/8 trust"],
    },
    postgresql: {
      listen: `${host(node)}:${port}`,
      data_dir: join(folder, `data${node}`),
      bin_dir: BINARIES,
      authentication,
      remove_data_directory_on_rewind_failure: true,
      remove_data_directory_on_diverged_timelines: true,
      parameters: { unix_socket_directories: "", max_connections: 100, fsync: "off" },
    },
  };
}

function postmasterOf(dataFolder: string): number {
  const file = join(dataFolder, "postmaster.pid");
  return existsSync(file) ? Number(readFileSync(file, "utf8").split("\n")[0]) : 0;
}

type PostgresWriter = Writer & {
  readonly query: (sql: string) => Promise<readonly Message[] | null>;
};

/** Speaks the protocol of PostgreSQL, version 3, without a password. */
async function postgresWriter(connection: Connection): Promise<PostgresWriter> {
  const parameters = Buffer.from("user\0postgres\0database\0postgres\0\0");
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + parameters.length, 0);
  head.writeInt32BE(196_608, 4);
  const ready = await connection.ask(Buffer.concat([head, parameters]), messages);
  if (ready === null || ready.some(({ type }) => type === "E")) connection.close();
  const query = async (sql: string) => {
    const text = Buffer.from(`${sql}\0`);
    const start = Buffer.alloc(5);
    start.write("Q");
    start.writeInt32BE(text.length + 4, 1);
    return await connection.ask(Buffer.concat([start, text]), messages);
  };
  return {
    get isOpen() {
      return connection.isOpen;
    },
    async write(id) {
      const answer = await query(`INSERT INTO w VALUES (${id})`);
      if (answer === null) return "failed";
      const error = answer.find(({ type }) => type === "E");
      if (error === undefined) return "acknowledged";
      // SQLSTATE read_only_sql_transaction.
      return error.text.includes("25006") ? "refused-by-replica" : "failed";
    },
    async isOnLeader() {
      const answer = await query("SELECT 'replica=' || pg_is_in_recovery()");
      return answer?.some(({ text }) => text.includes("replica=false")) === true;
    },
    query,
    close: () => connection.close(),
  };
}

type Message = { readonly type: string; readonly text: string };

/** All up to the server's being ready (Z), or to an error that ends the connection; null: more has to come. */
function messages(bytes: Buffer): readonly Message[] | null {
  const found: Message[] = [];
  for (let at = 0; at + 5 <= bytes.length; ) {
    const length = bytes.readInt32BE(at + 1);
    if (at + 1 + length > bytes.length) return null;
    const type = bytes.toString("latin1", at, at + 1);
    const text = bytes.toString("latin1", at + 5, at + 1 + length);
    found.push({ type, text });
    if (type === "Z" || (type === "E" && text.includes("FATAL"))) return found;
    at += 1 + length;
  }
  return null;
}

// Patroni's own example (haproxy.cfg in its sources), and the times of the recipe.
function haproxy(at: number, port: number, apiPort: number): string {
  const servers = NODES.map(
    (node) => `  server node${node} ${host(node)}:${port} maxconn 100 check port ${apiPort}`,
  );
  return [
    "listen postgres",
    `  bind 127.0.0.1:${at}`,
    "  option httpchk",
    "  http-check send meth OPTIONS uri /primary",
    "  http-check expect status 200",
    "  timeout check 2s",
    "  default-server inter 1s fastinter 250ms downinter 1s fall 3 rise 1 on-marked-down shutdown-sessions",
    ...servers,
  ].join("\n");
}

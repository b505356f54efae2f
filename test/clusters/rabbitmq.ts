// RabbitMQ: three nodes and a quorum queue. A client may be with any node that runs; the first is called the leader.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SerialQueue } from "../../src/base/serial-queue.ts";
import { freePort } from "../support/ports.ts";
import { type AmqpClient, amqpClient } from "./amqp.ts";
import { type Cluster, untilTrue, type Writer } from "./cluster.ts";
import { recipe } from "./recipe.ts";
import { signalAll, spawnAs } from "./servers.ts";

const NODES = [1, 2, 3];
const host = (node: number) => `127.0.9.${node}`;
const QUEUE = "w";

export function rabbitCluster(): Cluster {
  const folder = mkdtempSync(join(tmpdir(), "bal-rabbitmq-"));
  const [port, epmdPort] = [freePort(), freePort()];
  const spawn = spawnAs("rabbitmq", folder);
  const servers = new Map<number, Bun.Subprocess>();
  const distributionPorts = new Map(NODES.map((node) => [node, freePort()]));
  const common = {
    // The ones in /usr/sbin are for the service.
    ...{ PATH: `/usr/lib/rabbitmq/bin:${process.env.PATH}` },
    ...{ ERL_EPMD_PORT: String(epmdPort), ERL_EPMD_ADDRESS: "127.0.0.1" },
  };
  const start = (node: number) => {
    const env = environment(node, { folder, port, distribution: distributionPorts.get(node) ?? 0 });
    servers.set(node, spawn(`rabbit${node}`, ["rabbitmq-server"], { ...common, ...env }));
  };
  const order = async (node: number, ...words: readonly string[]) => {
    const [tool = "", ...rest] = words;
    const command = [tool, "-n", `rabbit${node}@localhost`, ...rest];
    await spawn(`${tool}${node}`, command, common).exited;
  };
  const runs = async (node: number) => {
    const client = await amqpClient(port, host(node)).catch(() => null);
    const isOpen = client?.isOpen === true;
    client?.close();
    return isOpen;
  };
  const leader = async () => {
    const running = await Promise.all(NODES.map(runs));
    return NODES.find((_, index) => running[index]) ?? null;
  };
  const startAll = async () => {
    writeFileSync(join(folder, "rabbitmq.conf"), config());
    writeFileSync(join(folder, "plugins"), "[].\n");
    for (const node of NODES) {
      start(node);
      await untilTrue(`node ${node} runs`, () => runs(node));
    }
    const client = await amqpClient(port, host(1));
    await client.declare(QUEUE);
    client.close();
  };
  /** Both balancers' clients write to the one queue, and a message can be taken once. */
  const found = new Set<string>();
  const taking = new SerialQueue();
  const takeAll = async (node: number) => {
    const client = await amqpClient(port, host(node));
    const count = await client.declare(QUEUE);
    const bodies = count === 0 ? [] : await client.take(QUEUE, count);
    for (const body of bodies ?? []) found.add(body);
    client.close();
  };
  return {
    name: "RabbitMQ",
    pausedMs: 20_000,
    start: startAll,
    balConfig: (at) => recipe("rabbitmq", { listener: at, ports: { 5672: port }, host }),
    haproxyConfig: (at) => haproxy(at, port),
    leader,
    async isWhole(node) {
      return node === 1 && (await Promise.all(NODES.map(runs))).every(Boolean);
    },
    kill: (node) => signalAll([servers.get(node)?.pid ?? 0], "SIGKILL"),
    revive: start,
    pause: (node) => signalAll([servers.get(node)?.pid ?? 0], "SIGSTOP"),
    resume: (node) => signalAll([servers.get(node)?.pid ?? 0], "SIGCONT"),
    switchFrom: (node) => order(node, "rabbitmq-upgrade", "drain"),
    takeBack: (node) => order(node, "rabbitmq-upgrade", "revive"),
    connect: async (at) => rabbitWriter(await amqpClient(at)),
    async missing(node, ids) {
      await taking.run(() => takeAll(node));
      return ids.filter((id) => !found.has(String(id))).length;
    },
    async stop() {
      signalAll(
        [...servers.values()].map(({ pid }) => pid),
        "SIGKILL",
      );
      await Promise.all([...servers.values()].map(({ exited }) => exited));
      // It refuses to end while it knows a node.
      await untilTrue("epmd has ended", async () => {
        const code = await spawn("epmd", ["epmd", "-kill"], common).exited;
        return code === 0 || !(await Bun.file(join(folder, "epmd.log")).text()).includes("living");
      });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Place = { readonly folder: string; readonly port: number; readonly distribution: number };

function environment(
  node: number,
  { folder, port, distribution }: Place,
): Readonly<Record<string, string>> {
  return {
    RABBITMQ_NODENAME: `rabbit${node}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: host(node),
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_MNESIA_BASE: join(folder, "data"),
    RABBITMQ_LOG_BASE: join(folder, "logs"),
    RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq.conf"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "plugins"),
    // Three of them share one machine.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "+S 1:1 +sbwt none",
  };
}

function config(): string {
  const nodes = NODES.map(
    (node) => `cluster_formation.classic_config.nodes.${node} = rabbit${node}@localhost`,
  );
  return [
    "cluster_formation.peer_discovery_backend = classic_config",
    "cluster_partition_handling = pause_minority",
    "log.file.level = error",
    ...nodes,
  ].join("\n");
}

function rabbitWriter(client: AmqpClient): Writer {
  return {
    get isOpen() {
      return client.isOpen;
    },
    async write(id) {
      return (await client.publish(QUEUE, String(id))) === true ? "acknowledged" : "failed";
    },
    isOnLeader: async () => (await client.publish(QUEUE, "0")) === true,
    close: () => client.close(),
  };
}

// As RabbitMQ's users have it, with the times of the recipe.
function haproxy(at: number, port: number): string {
  const servers = NODES.map((node) => `  server rabbit${node} ${host(node)}:${port} check`);
  return [
    "listen rabbitmq",
    `  bind 127.0.0.1:${at}`,
    "  balance leastconn",
    "  timeout check 2s",
    "  default-server inter 5s fastinter 500ms rise 2 fall 3",
    ...servers,
  ].join("\n");
}
